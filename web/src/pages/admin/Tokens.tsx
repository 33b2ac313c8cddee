/* Who may enter. A token's secret is shown once, right after it was made, and is not kept here. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Token } from "../../api/types";
import { useT } from "../../i18n";
import { useClients, useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, CopyButton, Empty, ErrorState, Field, FormError, Notice, Panel, Skeleton, Time, ui } from "../../ui";
import { Confirm } from "../../ui/dialog";
import { texts } from "./messages";

const ROLES = ["viewer", "agent", "admin"] as const;

function NewToken() {
	const t = useT(texts);
	const { slug, can, me } = useSession();
	const cache = useQueryClient();
	const clients = useClients(true);
	const bound = !can("operator") && me.clients.length === 1;
	const [name, setName] = useState("");
	const [role, setRole] = useState<Token["role"]>("viewer");
	const [client, setClient] = useState(slug === "-" ? "" : slug);
	const make = useMutation({
		mutationFn: () => api.post("/api/tokens", { body: { name: name.trim(), role, clientSlug: client === "" ? null : client } }),
		onSuccess: () => {
			setName("");
			void cache.invalidateQueries({ queryKey: keys.tokens });
		},
	});
	return (
		<Panel title={t("tokens.new")}>
			<form className={ui.stack} onSubmit={(e: FormEvent) => { e.preventDefault(); make.mutate(); }}>
				<div className={ui.grid}>
					<Field label={t("name")} hint={t("tokens.name.hint")}>
						{(ids) => <input {...ids} required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />}
					</Field>
					<Field label={t("tokens.role")}>
						{(ids) => (
							<select {...ids} value={role} onChange={(e) => setRole(ROLES.find((r) => r === e.target.value) ?? "viewer")}>
								{ROLES.map((r) => <option key={r} value={r}>{t(`role.${r}`)}</option>)}
							</select>
						)}
					</Field>
					<Field label={t("tokens.client")}>
						{(ids) => (
							<select {...ids} value={client} disabled={bound} onChange={(e) => setClient(e.target.value)}>
								{!bound && <option value="">{t("tokens.all")}</option>}
								{clients.data?.map((c) => <option key={c.slug} value={c.slug}>{c.name}</option>)}
							</select>
						)}
					</Field>
				</div>
				<FormError error={make.error} />
				<div><Button kind="primary" type="submit" disabled={name.trim() === "" || make.isPending}>{t("tokens.make")}</Button></div>
				{make.data !== undefined && (
					<Notice tone="amber" role="alert" action={<CopyButton text={make.data.secret} />}>
						<p><strong>{make.data.token.name}</strong>: {t("tokens.once")}</p><p><code>{make.data.secret}</code></p>
					</Notice>
				)}
			</form>
		</Panel>
	);
}

export function Tokens() {
	const t = useT(texts);
	const cache = useQueryClient();
	const say = useToast();
	const [revoking, setRevoking] = useState<Token | null>(null);
	const list = useInfiniteQuery({
		queryKey: keys.tokens,
		queryFn: ({ pageParam, signal }) => api.get("/api/tokens", { query: { limit: 100, cursor: pageParam ?? undefined }, signal }),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.nextCursor,
	});
	const revoke = useMutation({
		mutationFn: (id: string) => api.delete("/api/tokens/{id}", { path: { id } }),
		onSuccess: () => {
			say(t("tokens.revoked"));
			setRevoking(null);
			void cache.invalidateQueries({ queryKey: keys.tokens });
		},
	});
	const rows = list.data?.pages.flatMap((p) => p.data) ?? [];
	return (
		<div className={ui.stack}>
			<NewToken />
			<Panel title={t("tab.tokens")}>
				{list.isPending && <Skeleton lines={4} />}
				{list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
				{list.isSuccess && rows.length === 0 && <Empty title={t("tokens.empty.title")}>{t("tokens.empty.text")}</Empty>}
				{rows.length > 0 && (
					<div className={ui.tableWrap}>
						<table className={ui.table}>
							<thead><tr>
								<th scope="col">{t("name")}</th><th scope="col">{t("tokens.role")}</th><th scope="col">{t("tokens.client")}</th>
								<th scope="col">{t("created")}</th><th scope="col"><span className="sr-only">{t("tokens.revoke")}</span></th>
							</tr></thead>
							<tbody>
								{rows.map((x) => (
									<tr key={x.id}>
										<td>{x.name}</td><td>{t(`role.${x.role}`)}</td><td>{x.clientSlug ?? t("tokens.all")}</td><td><Time at={x.createdAt} /></td>
										<td><Button kind="danger" onClick={() => { revoke.reset(); setRevoking(x); }} aria-label={`${t("tokens.revoke")}: ${x.name}`}>{t("tokens.revoke")}</Button></td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
				)}
				{list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>{t("more")}</Button>}
			</Panel>
			<Confirm open={revoking !== null} onClose={() => setRevoking(null)} busy={revoke.isPending} error={revoke.error}
				onConfirm={() => { if (revoking !== null) revoke.mutate(revoking.id); }}
				title={t("tokens.revoke.title", { name: revoking?.name ?? "" })} text={t("tokens.revoke.text")} action={t("tokens.revoke")} />
		</div>
	);
}
