export { accessKeyIds, readAccessKey } from "./access-key.ts";
export { openKeyedBucket } from "./put.ts";
