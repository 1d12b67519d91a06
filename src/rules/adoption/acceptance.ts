import type { ServerFacts } from "./facts.ts";

/** The settings of a server that decide which tokens it makes and accepts. */
export type Acceptance = Pick<ServerFacts, "issuers" | "audiences">;

/**
 * The audiences that a server accepts. Where `--api-audiences` is not set these are its issuers, all of them. Source:
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
 */
export function audiencesOf({ issuers, audiences }: Acceptance): readonly string[] {
  return audiences ?? issuers;
}

/** Every value once, in the order in which it first came. */
export function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())];
}

/** What `wanted` has and `given` lacks. */
export function missing(wanted: readonly string[], given: readonly string[]): readonly string[] {
  return wanted.filter((one) => !given.includes(one));
}

/** What of a token decides its acceptance. */
export interface TokenClaims {
  readonly iss: string;
  readonly aud: readonly string[];
}

/** A token that a server makes for a pod that asks for no audience: it has all audiences that the server accepts. */
export function tokenOf(server: Acceptance): TokenClaims {
  return { iss: server.issuers[0] ?? "", aud: audiencesOf(server) };
}

/** Whether a server accepts a token: it names the token's issuer, and one of its audiences. Both keep their keys. */
export function accepts(server: Acceptance, { iss, aud }: TokenClaims): boolean {
  const own = audiencesOf(server);
  return server.issuers.includes(iss) && aud.some((one) => own.includes(one));
}

/** A server whose new tokens another refuses. */
export interface Refused<Server extends Acceptance> {
  readonly signer: Server;
  readonly by: Server;
}

/** Each server whose new tokens another one refuses: none, while adoption goes as it should. */
export function refusals<Server extends Acceptance>(servers: readonly Server[]): readonly Refused<Server>[] {
  return servers.flatMap((signer) =>
    servers.filter((by) => !accepts(by, tokenOf(signer))).map((by) => ({ signer, by })),
  );
}
