// The backend serves `baton.min.js` of the package @baton-service/client under this name.
export * from '../../../src/client/index.js';
