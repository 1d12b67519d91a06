import { randomUUID } from "node:crypto";
import { type Clock, epochSeconds, PodtrustError, silentLogger } from "../../core/base/index.ts";
import { authorityPem, createAuthority, issueWithKey } from "../authority/index.ts";
import { MovableClock } from "../clock/index.ts";
import { closeListener } from "../listener/index.ts";
import { forms } from "../errors/index.ts";
import { clusterFaultForm, clusterForm, forgedForm, tokenForm } from "./forms.ts";
import { publisherUser } from "./access.ts";
import type { ApiState } from "./api.ts";
import { SigningKeys, tokenClaims, type TokenSubject } from "./keys.ts";
import { serveIssuer } from "./issuer.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { Objects } from "./objects.ts";
import { openClusterServer, type FaultState } from "./server.ts";
import { StatusError } from "./status.ts";
import { mintToken } from "./token-request.ts";
import type { ForgedToken, StandInCluster, StandInClusterOptions, TokenSpec } from "./types.ts";

// --service-account-max-token-expiration is unset by default; this is the longest that it accepts.
const unlimited = 2 ** 32;

function withoutUndefined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function forgedSubject({ objects }: ApiState, { namespace, name }: ForgedToken): TokenSubject | undefined {
  if (namespace === undefined || name === undefined) return undefined;
  return { namespace, name, uid: objects.findAccount(namespace, name)?.uid ?? randomUUID() };
}

function forge(state: ApiState, forged: ForgedToken): string {
  forgedForm(forged, "forgeToken");
  const { signedBy = "cluster" } = forged;
  const issuedAt = forged.issuedAt ?? state.now();
  const times = { issuedAt, expiresAt: issuedAt + (forged.expirationSeconds ?? 3600) };
  const audiences = forged.audiences ?? [state.issuer];
  const standardClaims = tokenClaims(state.issuer, forgedSubject(state, forged), audiences, times);
  const claims = withoutUndefined({ ...standardClaims, ...forged.claims });
  const header = forged.header ?? {};
  if (signedBy === "foreign-key") return state.keys.signForeign(claims, header);
  return state.keys.sign(claims, header, signedBy === "cluster" ? undefined : signedBy.kid);
}

function addServiceAccount({ objects }: ApiState, namespace: string, name: string): void {
  if (!objects.namespaces().some((kept) => kept.name === namespace)) objects.createNamespace(namespace);
  if (objects.findAccount(namespace, name) === undefined) objects.createAccount(namespace, name);
}

/** Does what the API server does; what that refuses is the caller's mistake. */
function asApiServer<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw error instanceof StatusError ? new PodtrustError("usage", error.message, { cause: error }) : error;
  }
}

function createToken(state: ApiState, spec: TokenSpec): string {
  tokenForm(spec, "createToken");
  const { namespace, name, audiences, expirationSeconds } = spec;
  const request = { kind: "TokenRequest", spec: { audiences, expirationSeconds } };
  return asApiServer(() => {
    addServiceAccount(state, namespace, name);
    const { uid } = state.objects.account(namespace, name);
    return mintToken({ namespace, name, uid }, request, state).status.token;
  });
}

async function newState(options: StandInClusterOptions, clock: Clock): Promise<ApiState> {
  return {
    issuer: options.issuer,
    jwksUri: options.jwksUri ?? `${options.issuer.replace(/\/$/u, "")}/openid/v1/jwks`,
    keys: await SigningKeys.start(options.algorithm ?? "RS256"),
    objects: new Objects(() => clock.now()),
    now: () => epochSeconds(clock),
    maxTokenSeconds: options.maxTokenSeconds ?? unlimited,
    anonymousAuth: options.anonymousAuth ?? false,
  };
}

/** Makes the keys and certificates of a stand-in cluster and listens; see `startStandInCluster`. */
export async function openCluster(options: StandInClusterOptions): Promise<StandInCluster> {
  clusterForm(options, "startStandInCluster");
  const clock = MovableClock.over(options.clock);
  const state = await newState(options, clock);
  const authority = await createAuthority("podtrust stand-in cluster CA");
  const ca = authorityPem(authority);
  const tls = await issueWithKey(authority, {
    commonName: "stand-in-cluster",
    names: ["127.0.0.1", "::1", "localhost", "kubernetes.default.svc"],
    usage: "server",
  });
  const client = (commonName: string, organizations: readonly string[]) =>
    issueWithKey(authority, { commonName, organizations, usage: "client" });
  const admin = await client("stand-in-admin", ["system:masters"]);
  const publisher = await client(publisherUser, []);
  const faults: FaultState = { fault: undefined, connections: 0 };
  const logger = options.logger ?? silentLogger;
  const served = { cert: tls.certificate, key: tls.key, ca };
  const listener = await openClusterServer(served, options.port ?? 0, { state, faults, logger });
  const url = `https://127.0.0.1:${listener.port}`;
  const close = (): Promise<void> => closeListener(listener);
  return {
    url,
    ca,
    issuer: options.issuer,
    clock,
    keys: state.keys,
    kubeconfig(user = "admin") {
      forms.oneOf(["admin", "publisher"])(user, "kubeconfig: the user");
      return user === "admin"
        ? kubeconfigText(url, ca, { name: "stand-in-admin", ...admin })
        : kubeconfigText(url, ca, { name: publisherUser, ...publisher });
    },
    createToken: (spec) => createToken(state, spec),
    serveIssuer: () => serveIssuer(state),
    addServiceAccount(namespace, name) {
      forms.text(namespace, "addServiceAccount: the namespace");
      forms.text(name, "addServiceAccount: the name");
      asApiServer(() => addServiceAccount(state, namespace, name));
    },
    forgeToken: (forged) => forge(state, forged),
    misbehave(fault) {
      if (fault !== undefined) clusterFaultForm(fault, "misbehave: the fault");
      faults.fault = fault;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
