import { type Clock, defined } from "../core/base/index.ts";
import type { ConnectTo } from "../core/http/index.ts";
import { type SandboxAccount, AccountSurroundings } from "./account.ts";
import { awsForms, type AwsOptions, startAws } from "./aws/index.ts";
import type { AzureOptions, StandInAzure } from "./azure/index.ts";
import { issuerFaults } from "./cluster/index.ts";
import { algorithmFor, type Beside, openBeside } from "./beside.ts";
import { atDoor, type Form, forms } from "./errors/index.ts";
import type { Front } from "./front/index.ts";
import type { SandboxGoogleOptions, StandInGoogle } from "./gcp/index.ts";
import { controlApi, controlTokenOf } from "./control/index.ts";

export interface SandboxOptions extends AwsOptions {
  /**
   * Replaces public DNS when an issuer is fetched.
   *
   * @default public DNS
   */
  readonly connectTo?: readonly ConnectTo[];
  /**
   * PEM certificates that replace the public roots.
   *
   * @default the public roots
   */
  readonly ca?: string;
  /**
   * The clock under the one that tests move.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
  /**
   * URL of the issuer that `issuer()` starts.
   *
   * @default "https://oidc.podtrust.test"
   */
  readonly issuerUrl?: string;
  /**
   * The control API's token, 32 to 200 letters, digits, `-` and `_`.
   *
   * @default a random one
   */
  readonly controlToken?: string;
  /**
   * Allows other machines to use the control API, with its token: for containers.
   *
   * @default false
   */
  readonly controlFromAnywhere?: boolean;
  /**
   * Also starts a stand-in for Google Cloud: a project with this sandbox's clock and issuers. Clients reach it at its
   * own address, or under Google's hosts through `front`.
   *
   * @default none
   */
  readonly gcp?: SandboxGoogleOptions;
  /**
   * Also starts a stand-in for Azure: a tenant with this sandbox's clock and issuers, whose clusters sign with RSA keys
   * from then on. Clients reach it through `front`.
   *
   * @default none
   */
  readonly azure?: AzureOptions;
  /**
   * The port of the front, if there is one; 0: any free one.
   *
   * @default 0
   */
  readonly frontPort?: number;
  /**
   * An existing folder for files of the front's CA: clients read it from one.
   *
   * @default none
   */
  readonly frontFolder?: string;
}

/** A running sandbox: its first account, and any number of others for single tests. */
export interface Sandbox extends SandboxAccount {
  /** For the control API at `url`/_podtrust/: a secret of the sandbox. */
  readonly controlToken: string;
  /** The stand-in for Google Cloud; undefined unless `gcp` asked for one. */
  readonly gcp: StandInGoogle | undefined;
  /** The stand-in for Azure; undefined unless `azure` asked for one. */
  readonly azure: StandInAzure | undefined;
  /**
   * The HTTPS proxy that serves Azure's hosts itself: for clients that know no other address. Undefined if no stand-in
   * needs one.
   */
  readonly front: Front | undefined;
  /**
   * An empty account with its own number, in memory: tests that share a sandbox do not meet there. Rejects with
   * `sandbox-control-request` if a thousand are open.
   */
  newAccount(): Promise<SandboxAccount>;
}

const defaultIssuer = "https://oidc.podtrust.test";

/** What the options have to be; those of other clouds are looked at where these are loaded. */
export const sandboxForm: Form = forms.members<SandboxOptions>({
  ...awsForms,
  connectTo: forms.connectTo,
  ca: forms.certificates,
  clock: forms.clock,
  issuerUrl: forms.text,
  controlToken: forms.anyText,
  controlFromAnywhere: forms.flag,
  gcp: forms.anyObject,
  azure: forms.anyObject,
  frontPort: forms.port,
  frontFolder: forms.path,
});

/**
 * Starts IAM, STS, SSM Parameter Store and the Tagging API on one HTTP port, with a page that shows what they
 * decide, and an API beside it that moves the sandbox itself.
 *
 * @example
 * ```ts
 * await using sandbox = await startSandbox({ account: "111122223333" });
 * await sandbox.seed({ parameters: [{ name: "/cart/color", value: "red" }] });
 * ```
 */
export function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return atDoor(() => open(options));
}

async function open(options: SandboxOptions): Promise<Sandbox> {
  sandboxForm(options, "startSandbox");
  const { ca, connectTo, issuerUrl: url = defaultIssuer } = options;
  const controlToken = controlTokenOf(options.controlToken);
  const issuers = { url, algorithm: algorithmFor(options), foreign: defined({ ca, connectTo }) } as const;
  const surroundings = (): AccountSurroundings => new AccountSurroundings(options.clock, issuers);
  const first = surroundings();
  const beside = await openBeside(options, first);
  const started = startFirst(options, { surroundings, first, controlToken, beside });
  // The caller learns why; what runs beside it ends.
  started.catch(() => beside.close());
  return started;
}

interface Opened {
  readonly surroundings: () => AccountSurroundings;
  readonly first: AccountSurroundings;
  readonly controlToken: string;
  readonly beside: Beside;
}

async function startFirst(
  options: SandboxOptions,
  { surroundings, first, controlToken, beside }: Opened,
): Promise<Sandbox> {
  const further = new Map<string, SandboxAccount>();
  const control = controlApi({
    token: controlToken,
    fromAnywhere: options.controlFromAnywhere === true,
    controls: () => ({
      ...sandbox,
      clouds: defined({ azure: beside.azure, gcp: beside.gcp }),
      find: (account) => further.get(account),
    }),
  });
  const tables = (): ReturnType<Beside["tables"]> => [...(options.tables?.() ?? []), ...beside.tables()];
  const aws = await startAws({ ...options, tables }, { ...first.place, issuerFaults, control });
  const account = first.around(aws, aws.url, async () => {
    await Promise.all([aws.close(), beside.close()]);
    await Promise.all([...further.values()].map((one) => one.close()));
  });
  const sandbox: Sandbox = {
    ...account,
    controlToken,
    gcp: beside.gcp,
    azure: beside.azure,
    front: beside.front,
    async spread() {
      beside.spread();
      await account.spread();
    },
    async reset() {
      beside.reset();
      await account.reset();
    },
    async newAccount() {
      const own = surroundings();
      const added = await aws.newAccount(own.place);
      const another = own.around(added, aws.url, () => {
        added.close();
        further.delete(added.account);
      });
      further.set(added.account, another);
      return another;
    },
  };
  return sandbox;
}
