import type {
  StandInHetzner,
  StandInHetznerOptions,
  startStandInHetzner,
} from "../../../src/sandbox/index.ts";
import { steppingClock } from "../../support/stepping-clock.ts";
import { buildPrograms } from "../build.ts";
import { type ProbeStep, runProbe } from "./probe.ts";

/** How long things take, in milliseconds: as short as a probe can still see them, and long enough for a busy machine. */
export const paces = {
  quick: { action: 60, firewall: 120, release: 200 },
  patient: { action: 200, firewall: 500, release: 1500 },
} as const;

interface Script {
  readonly options?: StandInHetznerOptions;
  /** Given to the stand-in before it is asked. */
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
  zones: {
    options: {
      zones: [{ name: "example.com" }, { name: "secondary.example", mode: "secondary", delegation: "lame" }],
    },
  },
  forms: {
    options: {
      variants: { readOnlyRefusal: "token_readonly", freeAssigneeType: "server", invalidInputDetails: false },
    },
  },
  limits: { options: { requestsPerHour: 10, clock: steppingClock() } },
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

/** Starts a stand-in, asks it with hcloud-go, and gives the steps. Mischief is off by default. */
export async function askHetzner(
  script: HetznerScript,
  start: typeof startStandInHetzner,
  pace: keyof typeof paces,
  more: StandInHetznerOptions = {},
): Promise<readonly ProbeStep[]> {
  const programs = await buildPrograms();
  const { options, before }: Script = hetznerScripts[script];
  const hetzner = await start({ mischief: "off", delays: paces[pace], ...options, ...more });
  before?.(hetzner);
  try {
    const env = {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      HCLOUD_READ_ONLY_TOKEN: hetzner.tokens.readOnly,
      HCLOUD_ACTION_MS: String(paces[pace].action),
    };
    return await runProbe(programs["hcloud-go"], env, [script]);
  } finally {
    await hetzner.close();
  }
}
