/**
 * How swc compiles TypeScript. Tests (jest.config.js) and the build share it, so that what is tested is what ships:
 * Nest's injection reads decorator metadata, and errors and logs read class names.
 */
export const swcOptions = {
  jsc: {
    target: /** @type {const} */ ('es2024'),
    parser: { syntax: /** @type {const} */ ('typescript'), decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: /** @type {const} */ ('es6') },
};
