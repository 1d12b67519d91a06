export { metadataListAccept, Mirror, type MirrorOptions, type MirrorStatus } from "./mirror.ts";
