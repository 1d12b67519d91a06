import { ownedThings, serverOutputs } from "../../../providers/hetzner/index.ts";
import { type Inputs, noInputs } from "../../../rules/plan/index.ts";
import { hetznerApi } from "../hetzner/index.ts";
import type { HostContext } from "./place.ts";

/** What is known of a config's machine outside of a plan: a rented one is looked up by the stack's label. */
export async function machineInputs(context: HostContext, signal: AbortSignal): Promise<Inputs> {
  const { machine, stack } = context.config;
  if (machine?.hetzner === undefined) return noInputs;
  const api = await hetznerApi(context, machine.hetzner);
  const [server] = (await ownedThings(api, stack, signal)).servers;
  const outputs = server === undefined ? {} : serverOutputs(server);
  return {
    get({ after, name }) {
      const value = outputs[name];
      return value === undefined ? { known: false, after } : { known: true, value };
    },
  };
}
