import { join } from "node:path";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { systemClock } from "../../../src/core/base/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { type Publisher, startPublisher } from "../../../src/publisher/index.ts";
import { startSandbox } from "../../../src/sandbox/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { FakeCertificates, MemoryLog } from "../../support/publisher.ts";
import { audience, awsError } from "../../support/sandbox.ts";
import { pauseMs } from "./checker.ts";
import {
  type ReachableMachine,
  type ControlPlaneMachine,
  type ControlPlaneMachines,
  onOneConnection,
} from "./machines.ts";

/** Milliseconds: Cache-Control of the publisher. STS keeps the documents for as long again, and asks for nothing meanwhile. */
export const cacheMs = 5000;

/** A publisher of the cluster, and an STS that keeps what it has fetched. */
export interface RelyingParty {
  readonly publisher: Publisher;
  /** How the issuer is reached. */
  readonly route: {
    readonly ca: string;
    readonly connectTo: readonly { host: string; port: number; address: string; toPort: number }[];
  };
  /** A token of a server for STS. */
  mint(machine: ReachableMachine): Promise<string | undefined>;
  /** Whether STS takes a token. */
  assumes(token: string): Promise<boolean>;
  /** Shows STS tokens of every server until it is ended: of each the first and the newest. Gives what was asked and refused. */
  check(): () => Promise<{ readonly asked: number; readonly refused: readonly string[] }>;
  close(): Promise<void>;
}

/** When a token ends, in milliseconds since the epoch. */
const endOf = (token: string): number => {
  const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  return (JSON.parse(claims) as { exp: number }).exp * 1000;
};

const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;

/**
 * Publishes the cluster of these machines under an issuer, and has STS trust it for default/web. `maxAgeMs` is the publisher's
 * Cache-Control, `folder` that of its state.
 */
export async function startRelyingParty(
  world: ControlPlaneMachines,
  issuer: string,
  { maxAgeMs = cacheMs, folder = "publisher" } = {},
): Promise<RelyingParty> {
  const { host } = new URL(issuer);
  const authority = await testAuthority();
  const cluster = await openKubernetes({ kubeconfig: world.kubeconfig }, { clock: systemClock });
  const publisher = await startPublisher({
    issuers: [
      {
        stack: "prod",
        issuer,
        cluster,
        certificates: new FakeCertificates(await authority.issue([host])),
        pollInterval: 1000,
        cacheControl: `public, max-age=${maxAgeMs / 1000}`,
        relyingPartyCache: maxAgeMs,
      },
    ],
    listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: false },
    stateDir: join(world.folder, folder),
    clock: systemClock,
    logger: new MemoryLog(),
  });
  await publisher.refresh();
  const toPort = publisher.addresses.https[0]?.port ?? 0;
  const route = { ca: authority.root, connectTo: [{ host, port: 443, address: "127.0.0.1", toPort }] };
  const sandbox = await startSandbox({ ...route, propagationMs: 0, issuerCache: "keep" });
  await sandbox.seed({
    providers: [{ url: issuer, audiences: [audience] }],
    roles: [
      {
        name: "web",
        trustPolicy: {
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Federated: `arn:aws:iam::${sandbox.account}:oidc-provider/${host}` },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: { [`${host}:sub`]: "system:serviceaccount:default:web" } },
          },
        },
      },
    ],
  });
  const sts = new STSClient({
    endpoint: sandbox.url,
    region: "eu-central-1",
    credentials: sandbox.admin,
    maxAttempts: 1,
  });
  const mint: RelyingParty["mint"] = async ({ ask }) => {
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: [audience], expirationSeconds: 600 },
    };
    const path = "/api/v1/namespaces/default/serviceaccounts/web/token";
    const answer = await ask(path, { method: "POST", body }).catch(() => undefined);
    if (answer?.status !== 201) return undefined;
    return (JSON.parse(answer.text) as { status: { token: string } }).status.token;
  };
  const assumes: RelyingParty["assumes"] = async (token) => {
    const command = new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${sandbox.account}:role/web`,
      RoleSessionName: "job",
      WebIdentityToken: token,
    });
    try {
      await sts.send(command);
      return true;
    } catch (error) {
      if (awsError("InvalidIdentityToken", /./u)(error)) return false;
      throw error;
    }
  };
  return {
    publisher,
    route,
    mint,
    assumes,
    check() {
      const ending = new AbortController();
      const refused: string[] = [];
      let asked = 0;
      const each = async (there: ControlPlaneMachine): Promise<void> => {
        const machine = onOneConnection(there);
        let first: string | undefined;
        while (!ending.signal.aborted) {
          const newest = await mint(machine);
          // On a busy machine it may end first: then nobody promises that its key is still published.
          if (first !== undefined && endOf(first) <= systemClock.now() + pauseMs(world.machines))
            first = undefined;
          first ??= newest;
          for (const token of [first, newest]) {
            if (token === undefined) continue;
            asked += 1;
            if (!(await assumes(token)))
              refused.push(`STS refuses a token of ${machine.name} by ${kidOf(token)}`);
          }
          await systemClock.sleep(pauseMs(world.machines));
        }
        machine.end();
      };
      const loops = Promise.all(world.machines.map(each));
      // Whoever ends it is told; nobody else waits.
      loops.catch(() => {});
      return async () => {
        ending.abort();
        await loops;
        return { asked, refused };
      };
    },
    async close() {
      sts.destroy();
      await sandbox.close();
      await publisher.close(0);
    },
  };
}
