import { isIP } from "node:net";
import { hostName } from "../core/base/index.ts";
import { type ConnectTo, isLoopback, type MayConnect } from "../core/http/index.ts";
import { isLinkLocal, isPrivateAddress } from "../issuer/index.ts";

/** What a person typed of where to connect: an issuer, `--connect-to`, and `--private`. */
export interface TypedRoute {
  readonly issuer: string;
  readonly connectTo: readonly ConnectTo[];
  readonly private: boolean;
}

/** A place that was typed: an address, or a name; on any port where none is named. */
type TypedHost = { readonly host: string; readonly port: number | undefined };

/** An address is its own, and `localhost` is this machine. Any other name leads where its owner wants. */
function isTyped({ host, port }: TypedHost, address: string, to: number): boolean {
  if (port !== undefined && port !== to) return false;
  return isIP(host) === 0 ? isLoopback(host) && isLoopback(address) : host === address;
}

/**
 * Which addresses may be asked: those that were typed, and public ones; private ones by names and answers only with
 * `private`, and never those of this link, where clouds serve credentials. What others wrote has no say.
 */
export function mayConnect({ issuer, connectTo, private: all }: TypedRoute): MayConnect {
  const url = new URL(issuer);
  const typed: readonly TypedHost[] = [
    { host: hostName(url), port: Number(url.port || "443") },
    ...connectTo.map((rule) => ({ host: rule.address, port: rule.toPort ?? rule.port })),
  ];
  return (address, to) => {
    // A name, whose address a company's proxy finds: where another one than the typed leads is not known here.
    if (isIP(address) === 0) return all || typed.some(({ host }) => host === address);
    if (typed.some((place) => isTyped(place, address, to))) return true;
    return !isPrivateAddress(address) || (all && !isLinkLocal(address));
  };
}
