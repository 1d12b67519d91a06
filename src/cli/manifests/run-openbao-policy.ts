import { defined, PodtrustError } from "../../core/base/index.ts";
import { readCaFile } from "../../core/command-line/index.ts";
import type { Config, OpenBaoServer } from "../../config/index.ts";
import { openbaoPolicy } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

export interface OpenBaoPolicyOptions {
  readonly file: string;
  readonly address?: string;
  readonly mount?: string;
  /** File of the issuer's certificate authority, as for `up`. */
  readonly ca?: string;
}

function serverOf({ file, openbao }: Config, { address, mount }: OpenBaoPolicyOptions): OpenBaoServer {
  const fitting = openbao.filter(
    (one) => [undefined, one.address].includes(address) && [undefined, one.mount].includes(mount),
  );
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const known = openbao.map((one) => `--address ${one.address} --mount ${one.mount}`);
  if (known.length === 0)
    throw new PodtrustError("usage", `${file} names no OpenBao`, {
      next: "Add one to it: openbao, with address, mount and roles.",
    });
  throw new PodtrustError("usage", `${file} names ${fitting.length} mounts that this could mean`, {
    next: `Give ${known.slice(0, 5).join(", or ")}.`,
  });
}

/** Prints the least policy of one mount: HCL as `bao policy write` takes it, with `--json` as `{"policy"}`. */
export async function runOpenBaoPolicy(
  context: CommandContext,
  options: OpenBaoPolicyOptions,
): Promise<void> {
  const config = await configOf(context, options.file);
  const issuerCa = options.ca === undefined ? undefined : await readCaFile(context, options.ca);
  const server = serverOf(config, options);
  const policy = await openbaoPolicy({ config, server, ...defined({ issuerCa }) });
  if (context.json) context.output.result({ policy });
  else context.output.raw(policy);
}
