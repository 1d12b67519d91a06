import type {
  StandInHetzner,
  StandInHetznerOptions,
  startStandInHetzner,
} from "../../../src/sandbox/index.ts";
import { type Clock, systemClock } from "../../../src/base/index.ts";
import { buildPrograms } from "../build.ts";
import { type ProbeStep, runProbe } from "./probe.ts";

/** A clock that runs two thousand times as fast. */
const hurried: Clock = { ...systemClock, now: () => systemClock.now() * 2000 };

const quick = { action: 60, firewall: 120, release: 200 };

interface Script {
  readonly options?: StandInHetznerOptions;
  /** Told to the stand-in before it is asked. */
  readonly before?: (hetzner: StandInHetzner) => void;
}

function sellOut(hetzner: StandInHetzner): void {
  hetzner.sellOut("cax21");
  hetzner.sellOut("cpx11@nbg1");
}

/** What the Go probe can be asked to do, and the stand-in that it wants for it. */
export const hetznerScripts = {
  story: {},
  catalogue: { before: sellOut },
  keys: {},
  firewalls: {},
  addresses: {},
  servers: { before: sellOut },
  forms: {
    options: {
      variants: { readOnlyRefusal: "token_readonly", freeAssigneeType: "server", invalidInputDetails: false },
    },
  },
  limits: { options: { requestsPerHour: 10, clock: hurried } },
  mischief: {
    before(hetzner) {
      hetzner.misbehave({ what: "rate-limit", path: "ssh_keys" });
      hetzner.misbehave({ what: "unavailable", path: "servers", method: "GET" });
      hetzner.misbehave({ what: "timeout", path: "images" });
      hetzner.misbehave({ what: "bad-gateway", path: "locations" });
      hetzner.misbehave({ what: "reset", method: "POST", path: "primary_ips" });
      for (const what of ["conflict", "late-timeout", "lost-answer", "lost-answer"] as const)
        hetzner.misbehave({ what, method: "POST", path: "firewalls" });
      hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    },
  },
} satisfies Readonly<Record<string, Script>>;

export type HetznerScript = keyof typeof hetznerScripts;

/** Starts a stand-in, asks it with hcloud-go, and gives the steps. Mischief is off unless told. */
export async function askHetzner(
  script: HetznerScript,
  start: typeof startStandInHetzner,
  more: StandInHetznerOptions = {},
): Promise<readonly ProbeStep[]> {
  const programs = await buildPrograms();
  const { options, before }: Script = hetznerScripts[script];
  const hetzner = await start({ mischief: "off", delays: quick, ...options, ...more });
  before?.(hetzner);
  try {
    const env = {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      HCLOUD_READ_ONLY_TOKEN: hetzner.tokens.readOnly,
    };
    return await runProbe(programs["hcloud-go"], env, [script]);
  } finally {
    await hetzner.close();
  }
}
