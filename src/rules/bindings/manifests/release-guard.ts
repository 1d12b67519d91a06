import { apiGroup, releaseVerb } from "../names/index.ts";
import type { PartyManifests } from "./party.ts";
import { guard } from "./policy.ts";

/**
 * A binding that is deleted without its finalizer leaves behind what it has at the relying party, and recreated under
 * another trust it would hide that from the sweep. So the right to write bindings of a namespace does not allow
 * removing the finalizer: the operator may, once that is gone, and anyone with the verb `release`. It has no
 * parameters: it also holds where the definition of trusts is gone.
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
        message: `the finalizer ${finalizer} keeps this binding until the operator has taken ${held} away; anyone with the verb ${releaseVerb} on ${binding.plural}.${apiGroup}, such as a cluster-admin, may take it off`,
      },
    ],
  });
}
