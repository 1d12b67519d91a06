import { errorText, PodtrustError } from "../../../core/base/index.ts";
import { readBoundedText, readCredentialFile } from "../../../core/files/index.ts";
import { type ForeignCertificateOptions, watchForeignCertificate } from "./foreign-certificate.ts";
import type { CertificateSource } from "../contract.ts";

export interface CertificateFilesOptions extends Omit<ForeignCertificateOptions, "from" | "read"> {
  /** PEM chain, leaf first. */
  readonly certificateFile: string;
  /** PEM. */
  readonly keyFile: string;
}

const maxBytes = 256 * 1024;

async function readPem(path: string, isKey: boolean): Promise<string> {
  try {
    return isKey ? (await readCredentialFile("tls-key", path)).text : await readBoundedText(path, maxBytes);
  } catch (error) {
    throw new PodtrustError("file-unreadable", `${path}: ${errorText(error)}`, { cause: error });
  }
}

/**
 * A certificate and key in files that another program renews.
 *
 * Rejects with `file-unreadable` or `certificate-invalid` when there is no usable pair at the start.
 */
export function watchCertificateFiles(options: CertificateFilesOptions): Promise<CertificateSource> {
  const { certificateFile, keyFile, ...rest } = options;
  const read = async () => ({
    certificate: await readPem(certificateFile, false),
    key: await readPem(keyFile, true),
  });
  return watchForeignCertificate({ ...rest, from: certificateFile, read });
}
