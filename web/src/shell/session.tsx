/*
 * Who is looking, and at which client. What always holds: what a role may not do is not offered;
 * the server decides all the same. Where there is no hint of a session nobody is asked for one: a
 * refusal that everybody meets first would stand in every browser's log as an error.
 */
import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { api, ApiError } from "../api/client";
import { keys } from "../api/keys";
import type { Client, Connection, Me, Role } from "../api/types";

const RANK: Record<Role, number> = { viewer: 0, agent: 1, admin: 2, operator: 3 };

export function may(me: Me, least: Role): boolean {
	return RANK[me.role] >= RANK[least];
}

/** Whether it may see and add every client: a token of one client may not, whatever its role. */
export function everywhere(me: Me): boolean {
	return me.clientSlug === null;
}

/**
 * Whether there may be a session, by the readable cookie beside the one that opens. A development
 * server may speak as the operator without any.
 */
export function mayBeKnown(): boolean {
	return import.meta.env.DEV || document.cookie.split("; ").includes("recado_in=1");
}

/** `null`: nobody is logged in. */
export function useMe() {
	return useQuery({
		queryKey: keys.me,
		queryFn: async ({ signal }): Promise<Me | null> => {
			if (!mayBeKnown()) return null;
			try {
				return await api.get("/api/me", { signal });
			} catch (e) {
				if (e instanceof ApiError && e.status === 401) return null;
				throw e;
			}
		},
		staleTime: Infinity,
		retry: false,
	});
}

const MAX_CLIENTS = 200;

export function useClients(enabled: boolean) {
	return useQuery({
		queryKey: keys.clients,
		enabled,
		queryFn: async ({ signal }): Promise<Client[]> => {
			const all: Client[] = [];
			let cursor: string | undefined;
			do {
				const page = await api.get("/api/clients", { query: { limit: MAX_CLIENTS, cursor }, signal });
				all.push(...page.data);
				cursor = page.nextCursor ?? undefined;
			} while (cursor !== undefined && all.length < 50 * MAX_CLIENTS);
			return all;
		},
	});
}

export interface Session {
	me: Me;
	slug: string;
	client: Client | undefined;
	can: (least: Role) => boolean;
}

const Context = createContext<Session | null>(null);
export const SessionProvider = Context.Provider;

export function useSession(): Session {
	const session = useContext(Context);
	if (session === null) throw new Error("a page outside of a client");
	return session;
}

/** All connections of the client: there are few, and several pages need them by id. */
export function useConnections(enabled = true) {
	const { slug } = useSession();
	return useQuery({
		queryKey: keys.connections(slug),
		enabled,
		queryFn: async ({ signal }): Promise<Connection[]> =>
			(
				await api.get("/api/clients/{slug}/connections", {
					path: { slug },
					query: { limit: 200 },
					signal,
				})
			).data,
	});
}
