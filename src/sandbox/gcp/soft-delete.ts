import { defined, isoSeconds, mapped } from "../../core/base/index.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { type Deletable, keptMs, type Operation } from "./project.ts";
import { notFound, refusal } from "./refusal.ts";

/** What pool and provider show alike; empty and false members are left out, as in every answer made from protocol buffers. */
export function shownDeletable(name: string, one: Deletable, deletedAt = one.deletedAt): object {
  const { displayName, description, disabled } = one;
  return {
    name,
    ...(displayName === "" ? {} : { displayName }),
    ...(description === "" ? {} : { description }),
    state: deletedAt === undefined ? "ACTIVE" : "DELETED",
    ...(disabled ? { disabled } : {}),
    ...defined({ expireTime: mapped(deletedAt, (at) => isoSeconds(at + keptMs)) }),
  };
}

/** A valid id of a pool or a provider; `gcp-` is reserved for Google. */
export const idPattern = /^(?!gcp-)[a-z0-9-]{4,32}$/u;

/** 409: the id is taken, even by a soft-deleted one. */
export function alreadyExists(name: string, { deletedAt }: Deletable): Error {
  return refusal("ALREADY_EXISTS", "Requested entity already exists", {
    rule: "id-free",
    why: deletedAt === undefined ? `${name} is there` : `${name} is deleted, and keeps its id for 30 days`,
    next: deletedAt === undefined ? "Take another id." : "Undelete it, or take another id.",
  });
}

/** What a path names. Throws NOT_FOUND. */
export function found<T>(one: T | undefined, name: string): T {
  if (one === undefined) throw notFound(name);
  return one;
}

/** Throws FAILED_PRECONDITION for something deleted: it can be read and undeleted, and nothing else. */
export function checkActive(name: string, deletedAt: number | undefined): void {
  if (deletedAt === undefined) return;
  throw refusal("FAILED_PRECONDITION", `${name} is deleted.`, {
    rule: "resource-active",
    why: `${name} was deleted ${isoSeconds(deletedAt)}`,
    next: "Undelete it first.",
  });
}

/** Throws FAILED_PRECONDITION for something not deleted. */
export function checkDeleted(name: string, deletedAt: number | undefined): void {
  if (deletedAt !== undefined) return;
  throw refusal("FAILED_PRECONDITION", `${name} is not deleted.`, {
    rule: "resource-deleted",
    why: `${name} is in use, and there is nothing to undelete`,
  });
}

/** An operation in an answer. A completed one has no `response`: one was seen so, and clients must not rely on it. */
export function shownOperation({ name, doneAt }: Operation, now: number): object {
  return now >= doneAt ? { name, done: true } : { name };
}

/** Answers a change with its operation. */
export function operated(call: ApiCall, resource: string): ApiReply {
  return { status: 200, body: shownOperation(call.project.operate(resource), call.now) };
}
