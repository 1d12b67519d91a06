import { defined } from "../../src/core/base/index.ts";
import {
  type AwsSession,
  oidcProviderResource,
  openAws,
  type OidcProviderSpec,
  roleResource,
  type RoleSpec,
  webIdentityTrustPolicy,
} from "../../src/providers/aws/index.ts";
import type { Resource } from "../../src/rules/plan/index.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/index.ts";
import { testAuthority } from "./certificates.ts";
import { type IssuerServer, startIssuer } from "./issuer-server.ts";
import { account, audience, ecKey, type TestKey } from "./sandbox.ts";
import { stackOwner } from "./stack-owner.ts";

/** A sandbox account that is still empty, an issuer that it can reach, and podtrust's session as its administrator. */
export interface AwsWorld {
  readonly sandbox: Sandbox;
  readonly issuer: IssuerServer;
  readonly key: TestKey;
  readonly session: AwsSession;
  /** The issuer's provider as a resource of stack `prod`. */
  readonly provider: (spec?: Partial<OidcProviderSpec>) => Resource;
  /** Role `demo` as a resource of stack `prod`. */
  readonly role: (spec?: Partial<RoleSpec>) => Resource;
  readonly close: () => Promise<void>;
}

const authority = await testAuthority();

export async function startAwsWorld(options: SandboxOptions = {}): Promise<AwsWorld> {
  const issuer = await startIssuer(authority);
  const key = ecKey("first");
  issuer.publish([key.jwk]);
  const sandbox = await startSandbox({
    account,
    ca: authority.root,
    connectTo: issuer.connectTo,
    propagationMs: 0,
    ...options,
  });
  const session = openAws({
    region: "eu-central-1",
    endpoint: sandbox.url,
    credentials: sandbox.admin,
    ...defined({ clock: options.clock }),
  });
  const trustPolicy = webIdentityTrustPolicy({
    partition: "aws",
    account,
    issuer: issuer.issuer,
    audiences: [audience],
    serviceAccounts: ["aws-test/demo"],
  });
  const common = { ...stackOwner(), account };
  return {
    sandbox,
    issuer,
    key,
    session,
    provider: (spec = {}) =>
      oidcProviderResource(session, {
        ...common,
        issuer: issuer.issuer,
        audiences: [audience],
        ...spec,
      }),
    role: (spec = {}) =>
      roleResource(session, {
        ...common,
        name: "demo",
        trustPolicy,
        policies: ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"],
        ...spec,
      }),
    async close() {
      session.close();
      await sandbox.close();
      await issuer.close();
    },
  };
}
