export { type ImageSpec, writeArchive } from "./archive.ts";
export { imageEntries, inOrder, readImageFiles } from "./files.ts";
export { librariesOf } from "./libraries.ts";
export { writePodtrustArchive } from "./podtrust.ts";
export { type TarEntry, writeTar } from "./tar.ts";
