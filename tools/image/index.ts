export { type ImageSpec, writeArchive } from "./archive.ts";
export { imageEntries, readImageFiles } from "./files.ts";
export { writePodtrustArchive } from "./podtrust.ts";
export { type TarEntry, writeTar } from "./tar.ts";
