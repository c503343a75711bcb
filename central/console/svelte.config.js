// CSS goes to a file of its own (`external`): a strict CSP has no room for style elements.
export default { compilerOptions: { runes: true, css: "external" } };
