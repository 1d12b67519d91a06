import type { Clock, Logger } from "../base/index.ts";
import type { CertificateStore } from "./store.ts";

export interface FileStoreOptions {
  /** Made with mode 0700 where absent. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** Certificates and accounts in files. */
export declare function fileStore(options: FileStoreOptions): CertificateStore;
