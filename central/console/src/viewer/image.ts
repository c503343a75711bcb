// A picture as numbers: rows of 16-bit transmission values, 65535 = nothing in the beam.
import { ApiError, api } from "../api/client";

export interface Image16 {
  width: number;
  height: number;
  bits: number;
  data: Uint16Array;
}

/** Little-endian bytes as 16-bit rows. Throws when the length does not fit the stated size. */
export function fromRaw(buffer: ArrayBuffer, width: number, height: number, bits: number): Image16 {
  if (buffer.byteLength !== width * height * 2 || width < 1 || height < 1) {
    throw new ApiError(0, "bad-image",
      `The picture holds ${buffer.byteLength} bytes, not ${width} × ${height} × 2. Report the item; use another picture.`);
  }
  return { width, height, bits, data: littleEndian(buffer) };
}

function littleEndian(buffer: ArrayBuffer): Uint16Array {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return new Uint16Array(buffer);
  const view = new DataView(buffer);
  return Uint16Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
}

/** RGBA bytes of an 8-bit picture, spread over the 16-bit range (v · 257). */
export function fromRgba(rgba: Uint8ClampedArray, width: number, height: number): Image16 {
  const data = new Uint16Array(width * height);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.round((rgba[4 * i]! + rgba[4 * i + 1]! + rgba[4 * i + 2]!) / 3) * 257;
  }
  return { width, height, bits: 8, data };
}

/** Parts of one picture that lie one below the other. Throws when they are not of one width. */
export function joined(parts: Image16[]): Image16 {
  const [first] = parts;
  if (!first || parts.some((part) => part.width !== first.width || part.bits !== first.bits)) {
    throw new ApiError(0, "bad-image", "The parts of the picture do not fit. Report the item; use another picture.");
  }
  if (parts.length === 1) return first;
  const height = parts.reduce((sum, part) => sum + part.height, 0);
  const data = new Uint16Array(first.width * height);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { ...first, height, data };
}

/** Fetches a picture. Errors: ApiError, in words for the operator. */
export async function fetchImage(sha256: string): Promise<Image16> {
  const response = await api.image(sha256);
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("image/")) return decode(await response.blob());
  const number = (name: string) => Number(response.headers.get(name) ?? 0);
  return fromRaw(await response.arrayBuffer(), number("X-Width"), number("X-Height"), number("X-Bits") || 16);
}

async function decode(blob: Blob): Promise<Image16> {
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  if (!context) throw new ApiError(0, "no-canvas", "This browser cannot decode the picture. Use Chromium or Firefox.");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return fromRgba(data, bitmap.width, bitmap.height);
}
