import { randomInt } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import {
  type AccountDeps,
  type AccountSettings,
  openAccount,
  type OpenedAccount,
  type StandInAccount,
} from "./account.ts";
import type { PageTable } from "./page/view.ts";
import { accountOfAccessKey } from "./state/identifier.ts";
import { openStore } from "./state/store.ts";
import type { Tenants } from "./wire/tenant.ts";

/** An account beside the first, until it is closed. */
export interface FurtherAccount extends StandInAccount {
  /** From now on its keys and roles are unknown. */
  close(): void;
}

/** Each has its services in memory: about 100 kB while it is empty. */
const maxAccounts = 1000;

/** All accounts behind one port: the first, and those that single tests make for themselves. */
export class Accounts {
  readonly #home: OpenedAccount;
  readonly #settings: AccountSettings;
  readonly #further = new Map<string, OpenedAccount>();
  readonly tenants: Tenants;

  constructor(home: OpenedAccount, settings: AccountSettings) {
    this.#home = home;
    this.#settings = settings;
    const find = (account: string) => this.#further.get(account)?.tenant;
    this.tenants = {
      home: home.tenant,
      find,
      // Some of the first account's keys are older than this form.
      ofKey: (id) => (this.#further.size === 0 ? undefined : find(accountOfAccessKey(id))),
    };
  }

  /** Makes an account with a new number, in memory. Throws `sandbox-control-request` if there are too many. */
  async add(deps: AccountDeps): Promise<FurtherAccount> {
    if (this.#further.size >= maxAccounts) {
      throw new PodtrustError(
        "sandbox-control-request",
        `the sandbox has ${maxAccounts} accounts beside its first`,
        {
          next: "Close those that are no longer used: account.close(), or DELETE accounts/ID.",
        },
      );
    }
    const id = this.#freeNumber();
    const opened = await openAccount(await openStore(id, undefined), this.#settings, deps);
    this.#further.set(id, opened);
    return { ...opened.shown, close: () => void this.#further.delete(id) };
  }

  /** The content of the accounts beside the first, for the page; nothing if there are none. */
  tables(): readonly PageTable[] {
    if (this.#further.size === 0) return [];
    const rows = [...this.#further.values()].map(({ kept, shown }) => [
      kept.id,
      String(kept.providers.size),
      String(kept.roles.size),
      String(kept.parameters.size),
      String(shown.decisions().length),
    ]);
    return [
      {
        title: "Further accounts",
        columns: ["account", "providers", "roles", "parameters", "decisions"],
        rows,
      },
    ];
  }

  #freeNumber(): string {
    for (;;) {
      const id = String(randomInt(1e11, 1e12 - 1));
      if (id !== this.#home.shown.account && !this.#further.has(id)) return id;
    }
  }
}
