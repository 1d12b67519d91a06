import { apiGroup, releaseVerb } from "../names.ts";
import type { PartyManifests } from "./party.ts";
import { guard } from "./policy.ts";

/**
 * A binding that goes without its finalizer leaves behind what it has at the relying party, and made anew under another trust
 * it would hide that from the sweep. So whoever may write bindings of a namespace may not let go of one: the operator may,
 * once that is gone, and who has the verb `release`. It has no parameters: it holds also where the definition of trusts is gone.
 */
export function releaseGuard({ names, held }: PartyManifests): readonly object[] {
  const { binding, finalizer, suffix } = names;
  const keeps = (object: string): string => `"${finalizer}" in ${object}.metadata.?finalizers.orValue([])`;
  const mayRelease =
    `authorizer.group("${apiGroup}").resource("${binding.plural}").namespace(request.namespace)` +
    `.name(request.name).check("${releaseVerb}").allowed()`;
  return guard({
    name: `podtrust-release${suffix}`,
    rules: [
      {
        apiGroups: [apiGroup],
        apiVersions: ["*"],
        operations: ["UPDATE"],
        resources: [binding.plural],
      },
    ],
    conditions: { "lets-go": `${keeps("oldObject")} && !(${keeps("object")})` },
    validations: [
      {
        expression: mayRelease,
        message: `the finalizer ${finalizer} keeps this binding until the operator has taken ${held} away; whoever has the verb ${releaseVerb} on ${binding.plural}.${apiGroup}, as a cluster-admin has, may take it off`,
      },
    ],
  });
}
