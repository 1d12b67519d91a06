import { defined, mapped } from "../../core/base/index.ts";
import { parseConnectTo } from "../../core/http/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import type { CommandContext } from "../context.ts";
import { readCaFile } from "../../core/command-line/index.ts";

/** What was typed about how the issuer is reached. */
export interface RouteOptions {
  readonly connectTo?: readonly string[];
  readonly ca?: string;
}

/** How a command line reaches the issuer. */
export async function routeOf(context: CommandContext, options: RouteOptions): Promise<IssuerRoute> {
  const { connectTo, ca } = options;
  return {
    ...defined({
      connectTo: connectTo?.map(parseConnectTo),
      ca: await mapped(ca, (path) => readCaFile(context, path)),
    }),
  };
}
