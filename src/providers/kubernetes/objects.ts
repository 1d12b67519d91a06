import { defined, type JsonRecord, mapped, recordOf, textOf } from "../../core/base/index.ts";
import { type RequestPurpose, jsonObject, statusFault, statusMessage } from "./answer.ts";
import type { ApplyOptions, CallOptions, Eviction, PodLog, PodLogOptions, WriteOptions } from "./api.ts";
import type { EndpointCaller } from "./caller.ts";
import type { KubernetesCall } from "./transport.ts";
import { mapping, text } from "./kubeconfig.ts";
import {
  collectionPath,
  type KubernetesObject,
  listPath,
  objectPath,
  type ObjectQuery,
  type ObjectRef,
  objectText,
  pluralOf,
  refOf,
} from "./object.ts";

// An object is 1.5 MB at the most (etcd's bound), a list of a hundred pods a few.
const maxObject = 2 * 1024 * 1024;
const maxList = 8 * 1024 * 1024;
/** Objects of one answer: more are asked for in pages. */
const maxPage = 250;

function rightOn(verb: string, { kind, namespace }: Pick<ObjectRef, "kind" | "namespace">): string {
  const where = namespace === undefined ? "" : ` in the namespace ${namespace}`;
  return `${verb} ${pluralOf(kind)}${where}`;
}

// No node has the pod; the container has not started; pod or log is gone; the kubelet does not answer.
const noLog = new Set([204, 400, 404, 500, 502, 503, 504]);

/** Reads, applies and removes single objects at an endpoint. */
export class ObjectCalls {
  readonly #caller: EndpointCaller;

  constructor(caller: EndpointCaller) {
    this.#caller = caller;
  }

  async read(ref: ObjectRef, options: CallOptions): Promise<KubernetesObject | undefined> {
    const purpose = this.#purpose(`read the ${objectText(ref)}`, rightOn("get", ref));
    const answer = await this.#caller.send({ path: objectPath(ref), maxBytes: maxObject, ...options });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw await this.#caller.fault(purpose, answer, options);
    return this.#object(purpose, jsonObject(purpose, answer.body));
  }

  async list(query: ObjectQuery, options: CallOptions): Promise<readonly KubernetesObject[]> {
    const { namespace, kind, limit = 100 } = query;
    const of = namespace === undefined ? "all namespaces" : `the namespace ${namespace}`;
    const purpose = this.#purpose(`list ${pluralOf(kind)} of ${of}`, rightOn("list", query));
    const found: KubernetesObject[] = [];
    let next = "";
    do {
      const path = listPath(query, Math.min(limit - found.length, maxPage), next);
      const answer = await this.#caller.send({ path, maxBytes: maxList, ...options });
      if (answer.status !== 200) throw await this.#caller.fault(purpose, answer, options);
      const { items, metadata } = jsonObject(purpose, answer.body);
      // Items of a list carry neither kind nor apiVersion.
      const whole = (item: unknown): unknown => ({ kind, apiVersion: "", ...(item as object) });
      if (Array.isArray(items)) found.push(...items.map((item) => this.#object(purpose, whole(item))));
      next = textOf(recordOf(metadata)["continue"]) ?? "";
    } while (next !== "" && found.length < limit);
    return found;
  }

  async apply(object: KubernetesObject, spec: ApplyOptions): Promise<KubernetesObject> {
    const ref = refOf(object);
    const purpose = this.#purpose(`apply the ${objectText(ref)}`, rightOn("get, create and patch", ref));
    const query = new URLSearchParams({ fieldManager: spec.fieldManager, fieldValidation: "Strict" });
    if (spec.force === true) query.set("force", "true");
    if (spec.dryRun === true) query.set("dryRun", "All");
    const answer = await this.#caller.send({
      path: `${objectPath(ref)}${spec.subresource === undefined ? "" : `/${spec.subresource}`}?${query.toString()}`,
      method: "PATCH",
      // The type wants YAML, of which JSON is a part.
      contentType: "application/apply-patch+yaml",
      body: object,
      maxBytes: maxObject,
      ...defined({ signal: spec.signal }),
    });
    if (answer.status !== 200 && answer.status !== 201) throw await this.#caller.fault(purpose, answer, spec);
    return this.#object(purpose, jsonObject(purpose, answer.body));
  }

  create(object: KubernetesObject, spec: WriteOptions): Promise<KubernetesObject> {
    const ref = refOf(object);
    const purpose = this.#purpose(`make the ${objectText(ref)}`, rightOn("create", ref));
    return this.#write(purpose, { path: collectionPath(ref), body: object }, spec);
  }

  replace(object: KubernetesObject, spec: WriteOptions): Promise<KubernetesObject> {
    const ref = refOf(object);
    const purpose = this.#purpose(`replace the ${objectText(ref)}`, rightOn("update", ref));
    return this.#write(purpose, { path: objectPath(ref), method: "PUT", body: object }, spec);
  }

  async remove(ref: ObjectRef, options: CallOptions & { uid?: string }): Promise<"removed" | "absent"> {
    const purpose = this.#purpose(`remove the ${objectText(ref)}`, rightOn("delete", ref));
    const { uid, signal } = options;
    const answer = await this.#caller.send({
      path: objectPath(ref),
      method: "DELETE",
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        ...defined({ preconditions: mapped(uid, (id) => ({ uid: id })) }),
      },
      ...defined({ signal }),
    });
    if (answer.status === 404) return "absent";
    if (answer.status !== 200 && answer.status !== 202)
      throw await this.#caller.fault(purpose, answer, options);
    return "removed";
  }

  async removeFinalizer(object: KubernetesObject, finalizer: string, options: CallOptions): Promise<void> {
    const ref = refOf(object);
    const purpose = this.#purpose(`let go of the ${objectText(ref)}`, rightOn("patch", ref));
    const index = object.metadata.finalizers?.indexOf(finalizer) ?? -1;
    if (index === -1) return;
    const path = `/metadata/finalizers/${index}`;
    const answer = await this.#caller.send({
      path: objectPath(ref),
      method: "PATCH",
      contentType: "application/json-patch+json",
      // A list that has changed by now, or belongs to another object, is left as it is.
      body: [
        { op: "test", path: "/metadata/uid", value: object.metadata.uid },
        { op: "test", path, value: finalizer },
        { op: "remove", path },
      ],
      maxBytes: maxObject,
      ...options,
    });
    if (answer.status === 404) return;
    // A test that fails is 422, as an object is that is invalid.
    if (answer.status === 422) throw await this.#caller.fault(purpose, { ...answer, status: 409 }, options);
    if (answer.status !== 200) throw await this.#caller.fault(purpose, answer, options);
  }

  async evict(pod: Eviction["pod"], { signal }: CallOptions): Promise<Eviction["outcome"]> {
    const ref: ObjectRef = { kind: "Pod", namespace: pod.namespace, name: pod.name };
    const right = `create pods/eviction in the namespace ${pod.namespace}`;
    const purpose = this.#purpose(`evict the ${objectText(ref)}`, right);
    const { namespace, name, uid } = pod;
    const answer = await this.#caller.send({
      path: `${objectPath(ref)}/eviction`,
      body: {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace, name },
        deleteOptions: { preconditions: { uid } },
      },
      ...defined({ signal }),
    });
    if (answer.status === 200 || answer.status === 201) return "evicted";
    // 409: another pod of that name.
    if (answer.status === 404 || answer.status === 409) return "absent";
    if (answer.status === 429) return "budget";
    throw await this.#caller.fault(purpose, answer, defined({ signal }));
  }

  async podLog(namespace: string, name: string, options: PodLogOptions): Promise<PodLog> {
    const ref: ObjectRef = { kind: "Pod", namespace, name };
    const purpose = this.#purpose(
      `read the log of the ${objectText(ref)}`,
      `get pods/log in the namespace ${namespace}`,
    );
    const { container, limitBytes = 1024 * 1024, tailLines, signal } = options;
    const query = new URLSearchParams({ limitBytes: String(limitBytes) });
    if (tailLines !== undefined) query.set("tailLines", String(tailLines));
    if (container !== undefined) query.set("container", container);
    const answer = await this.#caller.send({
      path: `${objectPath(ref)}/log?${query.toString()}`,
      maxBytes: limitBytes + 1024,
      ...defined({ signal }),
    });
    if (answer.status === 200) {
      return { text: answer.body.toString("utf8"), full: answer.body.length >= limitBytes };
    }
    if (noLog.has(answer.status)) {
      const said = statusMessage(answer.body);
      return { text: "", full: false, absent: said === "" ? `it answered ${answer.status}` : said };
    }
    throw await this.#caller.fault(purpose, answer, options);
  }

  #purpose(what: string, right: string): RequestPurpose {
    return { server: this.#caller.server, what, right };
  }

  async #write(
    purpose: RequestPurpose,
    call: Pick<KubernetesCall, "path" | "method" | "body">,
    { dryRun = false, signal }: WriteOptions,
  ): Promise<KubernetesObject> {
    const answer = await this.#caller.send({
      ...call,
      path: `${call.path}?fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`,
      maxBytes: maxObject,
      ...defined({ signal }),
    });
    if (answer.status !== 200 && answer.status !== 201)
      throw await this.#caller.fault(purpose, answer, defined({ signal }));
    return this.#object(purpose, jsonObject(purpose, answer.body));
  }

  #object(purpose: RequestPurpose, value: unknown): KubernetesObject {
    const object = value as JsonRecord;
    const metadata = mapping(object, "metadata") ?? {};
    if (text(metadata, "name") !== undefined) return object as unknown as KubernetesObject;
    throw statusFault(purpose, {
      status: 200,
      headers: {},
      body: Buffer.from('{"message":"an object without metadata.name"}'),
    });
  }
}
