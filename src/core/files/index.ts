export { readBounded, readBoundedText } from "./bounded.ts";
export { cameWith, isInside, realPathOf } from "./came-with.ts";
export { type FileLock, type LockOwner } from "./lock.ts";
export { isExposedFile, readCredentialFile } from "./credential-file.ts";
export { fileCode, type Files, isPathThere, machineFiles } from "./machine.ts";
export { type OpenedText } from "./opened.ts";
export { createFile, replaceText, unwritable } from "./replace.ts";
export { type LockOptions, StateFolder } from "./state-folder.ts";
