/* All connections of the client: there are few, and several pages need them by id. */
import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { keys } from "../api/keys";
import type { Connection } from "../api/types";
import { useSession } from "../shell/session";

export function useConnections() {
	const { slug } = useSession();
	return useQuery({
		queryKey: keys.connections(slug),
		queryFn: async ({ signal }): Promise<Connection[]> =>
			(await api.get("/api/clients/{slug}/connections", { path: { slug }, query: { limit: 200 }, signal })).data,
	});
}
