// Preloaded into a rank: the optional package koffi was left out of its installation.
const Module = require("node:module");
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === "koffi") throw new Error("Cannot find module 'koffi'");
  return resolve.call(this, name, ...rest);
};
