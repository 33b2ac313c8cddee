/*
 * Every call to the server goes through here. What always holds: a call is typed by the OpenAPI
 * document; whatever goes wrong arrives as an ApiError with a stable code, never as a bare status
 * or a broken body; the cookie goes to our own host only, because every address is a path.
 */
import type { paths } from "./schema";
import type { Problem } from "./types";

export type Method = "get" | "post" | "patch" | "delete";

export type PathOf<M extends Method> = {
	[P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];

export type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M & keyof paths[P]]>;

type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : never;

type Success<O> = O extends { responses: infer R }
	? { [S in keyof R]: S extends 200 | 201 | 202 ? JsonOf<R[S]> : never }[keyof R]
	: never;

export type Answer<P extends keyof paths, M extends Method> = Success<Operation<P, M>>;

type BodyOf<O> = O extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
type PathParams<O> = O extends { parameters: { path: infer T } } ? T : never;

export interface CallOptions<O> {
	path?: PathParams<O>;
	query?: { [K in keyof QueryOf<O>]: QueryOf<O>[K] | undefined };
	body?: BodyOf<O>;
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

export type ProblemField = NonNullable<Problem["errors"]>[number];

export class ApiError extends Error {
	override name = "ApiError";
	constructor(
		readonly status: number,
		readonly code: string,
		readonly detail: string | null,
		readonly fields: readonly ProblemField[] = [],
		readonly requestId: string | null = null,
		readonly retryAfterSeconds: number | null = null,
		/** Finer than the code and as stable, where the server knows. */
		readonly why: string | null = null,
	) {
		super(detail ?? code);
	}
}

/** Whether the same call may succeed later: nobody answered, or the server could not just then. */
export function mayPass(error: unknown): boolean {
	return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** What an answer that is not 2xx says; a body that is no problem document is not believed. */
export async function errorFrom(answer: Response): Promise<ApiError> {
	const retry = Number(answer.headers.get("retry-after") ?? "");
	const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
	let problem: Partial<Problem> = {};

	try {
		const body: unknown = await answer.json();
		if (typeof body === "object" && body !== null) problem = body;
	} catch {
		/* A proxy's page, or a cut connection: the status is all there is. */
	}
	return new ApiError(
		answer.status,
		typeof problem.error === "string" ? problem.error : `http_${answer.status}`,
		typeof problem.detail === "string" ? problem.detail : null,
		Array.isArray(problem.errors) ? problem.errors : [],
		problem.requestId ?? answer.headers.get("x-request-id"),
		retryAfter,
		problem.code ?? null,
	);
}

/** The address of a route: path members encoded, unset query members left out. */
export function addressOf(
	route: string,
	path: Record<string, unknown> = {},
	query: Record<string, unknown> = {},
): string {
	const filled = route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(word(path[name])));
	const words = new URLSearchParams();

	for (const [name, value] of Object.entries(query))
		if (value !== undefined && value !== null && value !== "") words.set(name, word(value));
	const text = words.toString();
	return text === "" ? filled : `${filled}?${text}`;
}

let onUnauthorized: () => void = () => undefined;

/** Called whenever a call is answered 401: the session is over. */
export function setUnauthorizedHandler(handler: () => void): void {
	onUnauthorized = handler;
}

/* What names a row or filters a list: never an object. */
function word(value: unknown): string {
	return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
		? String(value)
		: "";
}

async function call<P extends keyof paths, M extends Method>(
	method: M,
	route: P,
	options: CallOptions<Operation<P, M>> = {},
): Promise<Answer<P, M>> {
	const init: RequestInit = { method: method.toUpperCase(), credentials: "same-origin" };
	const headers: Record<string, string> = { accept: "application/json", ...options.headers };

	if (options.body !== undefined) {
		headers["content-type"] = "application/json";
		init.body = JSON.stringify(options.body);
	}
	if (options.signal !== undefined) init.signal = options.signal;
	init.headers = headers;
	let answer: Response;
	try {
		answer = await fetch(addressOf(route, options.path, options.query), init);
	} catch (e) {
		if (e instanceof DOMException && e.name === "AbortError") throw e;
		throw new ApiError(0, "network", null);
	}
	if (!answer.ok) {
		if (answer.status === 401 && route !== "/api/login") onUnauthorized();
		throw await errorFrom(answer);
	}
	if (answer.status === 204) return undefined as Answer<P, M>;
	try {
		return (await answer.json()) as Answer<P, M>;
	} catch {
		throw new ApiError(answer.status, "bad_answer", null);
	}
}

export const api = {
	get: <P extends PathOf<"get">>(route: P, options?: CallOptions<Operation<P, "get">>) =>
		call("get", route, options),
	post: <P extends PathOf<"post">>(route: P, options?: CallOptions<Operation<P, "post">>) =>
		call("post", route, options),
	patch: <P extends PathOf<"patch">>(route: P, options?: CallOptions<Operation<P, "patch">>) =>
		call("patch", route, options),
	delete: <P extends PathOf<"delete">>(route: P, options?: CallOptions<Operation<P, "delete">>) =>
		call("delete", route, options),
};
