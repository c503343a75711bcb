// One program per look, made when it is first needed and kept.
import { fragment, VERTEX, type Look } from "./shader";

/** Texture units, by the name of their sampler. */
export const UNITS = { u_first: 0, u_second: 1, u_curves: 2, u_palette: 3 } as const;

export interface Program {
  program: WebGLProgram;
  at(name: string): WebGLUniformLocation | null;
}

export class Programs {
  readonly #made = new Map<string, Program>();

  constructor(readonly gl: WebGL2RenderingContext) {}

  /** Makes the look's program the current one. */
  use(look: Look): Program {
    const key = `${look.signal} ${look.enhance} ${look.depth} ${look.smooth}`;
    const known = this.#made.get(key);
    if (known) {
      this.gl.useProgram(known.program);
      return known;
    }
    const made = make(this.gl, look);
    this.#made.set(key, made);
    return made;
  }

  dispose(): void {
    for (const { program } of this.#made.values()) this.gl.deleteProgram(program);
    this.#made.clear();
  }
}

function make(gl: WebGL2RenderingContext, look: Look): Program {
  const program = link(gl, fragment(look));
  const where = new Map<string, WebGLUniformLocation | null>();
  const at = (name: string): WebGLUniformLocation | null => {
    if (!where.has(name)) where.set(name, gl.getUniformLocation(program, name));
    return where.get(name) ?? null;
  };
  gl.useProgram(program);
  for (const [name, unit] of Object.entries(UNITS)) gl.uniform1i(at(name), unit);
  return { program, at };
}

function link(gl: WebGL2RenderingContext, source: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, source]] as const) {
    const shader = compile(gl, kind, text);
    gl.attachShader(program, shader);
    gl.deleteShader(shader); // it goes with the program
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The viewer's shader does not link: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

function compile(gl: WebGL2RenderingContext, kind: number, source: string): WebGLShader {
  const shader = gl.createShader(kind);
  if (!shader) throw new Error("The graphics card gave no shader: reload the page.");
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
    throw new Error(`The viewer's shader does not compile: ${gl.getShaderInfoLog(shader)}`);
  }
  return shader;
}
