export { writeArchive } from "./archive.ts";
export { imageEntries, readImageFiles } from "./files.ts";
export { type TarEntry, writeTar } from "./tar.ts";
