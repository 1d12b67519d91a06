import { type Logger, PodtrustError } from "../../core/base/index.ts";
import { ProgramHolder } from "../../signer/index.ts";

/**
 * A holder of keys as it was typed: `pkcs11=/usr/local/bin/podtrust-pkcs11`. The program is an absolute path, so that no
 * folder of PATH decides what holds the cluster's keys. Throws `usage`.
 */
export function holderOf(text: string, logger: Logger): ProgramHolder {
  const { scheme, program } = /^(?<scheme>[a-z][a-z0-9]{1,15})=(?<program>\/.+)$/u.exec(text)?.groups ?? {};
  if (scheme !== undefined && program !== undefined && scheme !== "file")
    return new ProgramHolder(scheme, program, logger);
  throw new PodtrustError("usage", `--holder ${text} is no scheme and program`, {
    next: "Give a name and an absolute path, such as pkcs11=/usr/local/bin/podtrust-pkcs11.",
  });
}
