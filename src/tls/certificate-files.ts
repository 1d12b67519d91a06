import type { Clock, Logger } from "../base/index.ts";
import type { CertificateSource } from "./manager.ts";

export interface CertificateFilesOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Milliseconds between two looks at the files; 10,000 unless told. */
  readonly interval?: number;
}

/** A certificate and key that somebody else renews. Rejects when the files hold no usable pair at the start. */
export declare function watchCertificateFiles(options: CertificateFilesOptions): Promise<CertificateSource>;
