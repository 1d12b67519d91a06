import type { Account } from "../state/account.ts";
import type { Call, Service } from "../wire/service.ts";
import { createSeal } from "./cipher.ts";
import { deleteActions } from "./delete.ts";
import { labelActions } from "./labels.ts";
import { putParameter } from "./put.ts";
import { readActions } from "./read.ts";
import { ParameterStore } from "./parameter-store.ts";
import { tagActions } from "./tags.ts";

/** SSM Parameter Store for one account (AWS JSON 1.1); parameters live in the region of the call's signature. */
export function ssmService(options: { readonly account: Account }): Service {
  const seal = createSeal();
  const open = (call: Call): ParameterStore => new ParameterStore(options.account, call, seal);
  return {
    name: "ssm",
    protocol: "json",
    version: "2014-11-06",
    namespace: "AmazonSSM",
    validationCode: "ValidationException",
    actions: {
      ...readActions(open),
      PutParameter: putParameter(open),
      ...deleteActions(open),
      ...labelActions(open),
      ...tagActions(open),
    },
  };
}
