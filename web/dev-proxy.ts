/*
 * For development only: `vite` passes /api on to a real `recado serve`. With RECADO_ADMIN_TOKEN it
 * speaks as the operator, so that one can work on the page without logging in each time.
 */
interface ProxyTarget {
	target: string;
	changeOrigin: boolean;
	headers: Record<string, string>;
}

export function devProxy(env: Record<string, string | undefined>): Record<string, ProxyTarget> {
	const target = env["RECADO_URL"] ?? "http://127.0.0.1:3000";
	const token = env["RECADO_ADMIN_TOKEN"];
	const headers: Record<string, string> = token === undefined ? {} : { "x-admin-token": token };

	return {
		"/api": { target, changeOrigin: false, headers },
		"/login": { target, changeOrigin: false, headers: {} },
	};
}
