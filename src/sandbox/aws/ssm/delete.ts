import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { required, text, texts } from "../wire/input.ts";
import { checkReserved } from "./name.ts";
import { type OpenParameterStore, parameterNotFound, type ParameterStore } from "./parameter-store.ts";

function deleteNeed(store: ParameterStore, operation: string, name: string): Need {
  return { action: `ssm:${operation}`, resource: store.arn(name), context: store.tagContext(name) };
}

function deleteParameter(open: OpenParameterStore): ServiceAction {
  return action({
    input: { Name: required(text({ min: 1, max: 1011 })) },
    access: ({ Name }, call) => [deleteNeed(open(call), "DeleteParameter", Name)],
    run({ Name }, call) {
      checkReserved(Name);
      if (!open(call).delete(Name)) throw parameterNotFound();
      return {};
    },
  });
}

function deleteParameters(open: OpenParameterStore): ServiceAction {
  return action({
    input: { Names: required(texts({ min: 1, max: 1011 }, { min: 1, max: 10 })) },
    access: ({ Names }, call) => Names.map((name) => deleteNeed(open(call), "DeleteParameters", name)),
    run({ Names }, call) {
      for (const name of Names) checkReserved(name);
      const store = open(call);
      const gone = [...new Set(Names)].map((name) => ({ name, was: store.delete(name) }));
      return {
        DeletedParameters: gone.flatMap(({ name, was }) => (was ? [name] : [])),
        InvalidParameters: gone.flatMap(({ name, was }) => (was ? [] : [name])),
      };
    },
  });
}

/** The actions that delete parameters. */
export function deleteActions(open: OpenParameterStore): Record<string, ServiceAction> {
  return { DeleteParameter: deleteParameter(open), DeleteParameters: deleteParameters(open) };
}
