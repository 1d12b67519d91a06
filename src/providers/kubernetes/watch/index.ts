export { Mirror, type MirrorOptions, type MirrorStatus } from "./mirror.ts";
