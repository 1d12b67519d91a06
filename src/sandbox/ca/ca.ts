import { PodtrustError, silentLogger } from "../../core/base/index.ts";
import { authorityPem, createAuthority, issueWithKey } from "../authority/index.ts";
import { MovableClock } from "../clock/index.ts";
import { closeListener } from "../listener/index.ts";
import { forms } from "../errors/index.ts";
import { caFaultForm, caForm } from "./forms.ts";
import { accountUrl } from "./accounts.ts";
import { renewalIdOf } from "./issuance.ts";
import { type CaFaultState, openCaServer } from "./server.ts";
import { type CaState, newState } from "./state.ts";
import type { StandInCa, StandInCaOptions } from "./types.ts";

function suggestRenewal(state: CaState, certificate: string, explanationUrl: string | undefined): void {
  const renewalId = renewalIdOf(certificate, state.hierarchy.intermediate);
  const issued = state.issued.find((one) => one.renewalId === renewalId);
  if (issued === undefined)
    throw new PodtrustError("usage", "this stand-in CA has not issued that certificate");
  issued.renewNow = { explanationUrl };
}

/** Makes the keys and certificates of a stand-in CA and listens; see `startAuthority`. */
export async function openAuthority(options: StandInCaOptions): Promise<StandInCa> {
  caForm(options, "startAuthority");
  const clock = MovableClock.over(options.clock);
  const state = await newState(options, { clock, logger: options.logger ?? silentLogger });
  const own = await createAuthority("podtrust stand-in CA's own HTTPS");
  const found = options.foundAt === undefined ? undefined : new URL(`https://${options.foundAt}`);
  const names = ["127.0.0.1", "::1", "localhost", ...(found === undefined ? [] : [found.hostname])];
  const tls = await issueWithKey(own, { commonName: "stand-in-ca", names, usage: "server" });
  const faults: CaFaultState = { fault: undefined };
  const listener = await openCaServer(tls, options.port ?? 0, { state, faults });
  state.base = found?.origin ?? `https://127.0.0.1:${listener.port}`;
  const close = (): Promise<void> => closeListener(listener);
  return {
    directoryUrl: `${state.base}/directory`,
    port: listener.port,
    tlsCa: authorityPem(own),
    root: authorityPem(state.hierarchy.root),
    clock,
    accounts: () => [...state.accounts.values()].map((account) => accountUrl(state, account)),
    issued: () => state.issued.map((one) => one.chain),
    suggestRenewal(certificate, explanationUrl) {
      forms.certificates(certificate, "suggestRenewal: the certificate");
      if (explanationUrl !== undefined)
        forms.anyText(explanationUrl, "suggestRenewal: the explanation's URL");
      suggestRenewal(state, certificate, explanationUrl);
    },
    misbehave(fault) {
      if (fault !== undefined) caFaultForm(fault, "misbehave: the fault");
      faults.fault = fault;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
