import { isFetchedPublicly } from "../../config/index.ts";
import { defined, PodtrustError } from "../../core/base/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import type { GatherOptions, IssuerFacts } from "../../stack/index.ts";
import { addressesIn, type DoctorFacts, type DoctorOptions, gatherFacts, type TokenFacts } from "../index.ts";
import { isForSts } from "../judge/index.ts";

/** How a stack's issuer is looked at. */
export interface StackIssuerOptions
  extends
    Pick<GatherOptions, "config" | "clock" | "signal">,
    Pick<DoctorOptions, "route" | "resolver" | "private" | "timeoutMs" | "serverAt"> {
  /** A token to have judged, as a program has it. */
  readonly token?: string;
}

/** A given token, where it is meant for AWS: one for the API server alone is no fault, and is reviewed there. */
function tokenForAws({ token, config }: StackIssuerOptions): TokenFacts | undefined {
  if (token === undefined) return undefined;
  const jws = parseJws(token);
  const audiences = [jws.claims["aud"]].flat().filter((one) => typeof one === "string");
  const own = config.aws.flatMap((account) => account.audiences);
  const isMeant = audiences.length === 0 || isForSts(audiences) || audiences.some((one) => own.includes(one));
  return isMeant ? { text: token, jws } : undefined;
}

/** Looks at a stack's issuer as `podtrust doctor URL` does: the same requests, and the same facts. */
export function gatherIssuer(options: StackIssuerOptions): Promise<DoctorFacts> {
  const { config, clock, signal, route, resolver, timeoutMs, serverAt } = options;
  return gatherFacts({
    issuer: config.issuer,
    isOwn: true,
    // A relying party in a network of one's own reads an issuer there.
    private: options.private === true || !isFetchedPublicly(config),
    clock,
    signal,
    ...defined({ route, resolver, timeoutMs, serverAt, token: tokenForAws(options) }),
  });
}

function nameOf({ host, instead, answers }: DoctorFacts["names"][number]): IssuerFacts["names"][number] {
  if (instead !== undefined) {
    const { hostname, port } = new URL(`https://${instead}`);
    const place = { host: hostname, port: Number(port || "443") };
    return { host, instead: place, addresses: { kind: "skipped", needs: "dns" } };
  }
  const addresses = addressesIn(answers);
  if (addresses.length > 0) return { host, addresses: { kind: "seen", value: addresses } };
  const codes = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
  const error = new PodtrustError("http-unreachable", codes.join(", "));
  return { host, addresses: { kind: "failed", error } };
}

/** What was seen of the issuer as `podtrust status` judges it, so that it is read once. */
export function statusIssuer(
  { reading, names }: DoctorFacts,
  { route }: Pick<StackIssuerOptions, "route">,
): IssuerFacts {
  return { reading, names: names.map(nameOf), ...defined({ ca: route?.ca }) };
}
