import { type Clock, defined } from "../core/base/index.ts";
import type { ConnectTo } from "../core/http/index.ts";
import { type SandboxAccount, AccountSurroundings } from "./account.ts";
import { type AwsOptions, startAws } from "./aws/index.ts";
import { atDoor } from "./errors/index.ts";
import { openBeside, type SandboxGoogleOptions, type StandInGoogle } from "./gcp/index.ts";
import { controlApi, controlTokenOf, issuerFaults } from "./control/index.ts";

export interface SandboxOptions extends AwsOptions {
  /**
   * Stands in for public DNS when an issuer is fetched.
   *
   * @default public DNS
   */
  readonly connectTo?: readonly ConnectTo[];
  /**
   * PEM certificates that stand in for the public roots.
   *
   * @default the public roots
   */
  readonly ca?: string;
  /**
   * The clock beneath the one that tests move.
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
   * Lets the control API be used from other machines too, with its token: into a container.
   *
   * @default false
   */
  readonly controlFromAnywhere?: boolean;
  /**
   * Also a stand-in for Google Cloud: a project with this sandbox's clock and issuers.
   *
   * @default none
   */
  readonly gcp?: SandboxGoogleOptions;
}

/** A running sandbox: its first account, and as many more as tests want for themselves. */
export interface Sandbox extends SandboxAccount {
  /** For the control API at `url`/_podtrust/: a secret of the sandbox. */
  readonly controlToken: string;
  /** The stand-in for Google Cloud; undefined where `gcp` did not ask for one. */
  readonly gcp: StandInGoogle | undefined;
  /**
   * An empty account of a number of its own, in memory: what runs beside others in one sandbox does not meet them there.
   * Rejects with `sandbox-control-request` where a thousand are open.
   */
  newAccount(): Promise<SandboxAccount>;
}

const defaultIssuer = "https://oidc.podtrust.test";

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

/** Starts the stand-in for Google where it was asked for: no module of it is loaded for others. */
async function openGcp(
  { gcp, listen, logger }: SandboxOptions,
  surroundings: AccountSurroundings,
): Promise<StandInGoogle | undefined> {
  if (gcp === undefined) return undefined;
  const opened = await openBeside({ ...gcp, ...defined({ listen, logger }) }, surroundings.place);
  surroundings.alsoReadBy(opened);
  return opened;
}

async function open(options: SandboxOptions): Promise<Sandbox> {
  const { ca, connectTo, issuerUrl = defaultIssuer } = options;
  const controlToken = controlTokenOf(options.controlToken);
  const foreign = defined({ ca, connectTo });
  const surroundings = (): AccountSurroundings => new AccountSurroundings(options.clock, issuerUrl, foreign);
  const first = surroundings();
  const gcp = await openGcp(options, first);
  const started = startFirst(options, { surroundings, first, controlToken, gcp });
  started.catch(() => gcp?.close());
  return started;
}

interface Opened {
  readonly surroundings: () => AccountSurroundings;
  readonly first: AccountSurroundings;
  readonly controlToken: string;
  readonly gcp: StandInGoogle | undefined;
}

async function startFirst(
  options: SandboxOptions,
  { surroundings, first, controlToken, gcp }: Opened,
): Promise<Sandbox> {
  const further = new Map<string, SandboxAccount>();
  const aws = await startAws(options, {
    ...first.place,
    issuerFaults,
    control: controlApi({
      token: controlToken,
      fromAnywhere: options.controlFromAnywhere === true,
      controls: () => ({ ...sandbox, find: (account) => further.get(account) }),
    }),
  });
  const account = first.around(aws, aws.url, async () => {
    await Promise.all([aws.close(), gcp?.close()]);
    await Promise.all([...further.values()].map((one) => one.close()));
  });
  const sandbox: Sandbox = {
    ...account,
    controlToken,
    gcp,
    async spread() {
      gcp?.spread();
      await account.spread();
    },
    async reset() {
      gcp?.reset();
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
