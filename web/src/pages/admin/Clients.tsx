/* The clients one may see, and the dialog in which one is added or changed. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link } from "wouter";
import { api, ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import type { Client } from "../../api/types";
import { useT } from "../../i18n";
import { slugOf } from "../../lib/slug";
import { useClients, useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Badge, Button, Check, ErrorState, Field, FormError, Icon, Panel, Skeleton, Time, ui } from "../../ui";
import { Dialog } from "../../ui/dialog";
import { texts } from "./messages";

function ClientDialog({ client, onClose }: { client: Client | null; onClose: () => void }) {
	const t = useT(texts);
	const cache = useQueryClient();
	const say = useToast();
	const [name, setName] = useState(client?.name ?? "");
	const [ownSlug, setSlug] = useState<string | null>(client?.slug ?? null);
	const [url, setUrl] = useState(client?.apiBaseUrl ?? "");
	const [key, setKey] = useState("");
	const [removeKey, setRemoveKey] = useState(false);
	const [isActive, setActive] = useState(client?.isActive ?? true);
	const slug = ownSlug ?? slugOf(name);
	const save = useMutation({
		mutationFn: async () => {
			const common = {
				name: name.trim(),
				apiBaseUrl: url.trim() === "" ? null : url.trim(),
				isActive,
				...(removeKey ? { apiKey: null } : key === "" ? {} : { apiKey: key }),
			};
			if (client === null) await api.post("/api/clients", { body: { slug, ...common } });
			else await api.patch("/api/clients/{slug}", { path: { slug: client.slug }, body: common });
		},
		onSuccess: () => {
			say(t("clients.saved"));
			void cache.invalidateQueries({ queryKey: keys.clients });
			void cache.invalidateQueries({ queryKey: keys.me });
			void cache.invalidateQueries({ queryKey: ["connections"] });
			onClose();
		},
	});
	const fault = (path: string) =>
		save.error instanceof ApiError ? save.error.fields.find((f) => f.path === path)?.message : undefined;
	return (
		<Dialog open onClose={onClose} title={client === null ? t("clients.new") : t("clients.edit", { name: client.name })}>
			<form className={ui.stack} onSubmit={(e: FormEvent) => { e.preventDefault(); save.mutate(); }}>
				<Field label={t("name")} error={fault("name")}>
					{(ids) => <input {...ids} required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />}
				</Field>
				<Field label={t("slug")} hint={t("slug.hint")} error={fault("slug")}>
					{(ids) => <input {...ids} required pattern="[a-z0-9\-]{1,64}" value={slug} disabled={client !== null} onChange={(e) => setSlug(e.target.value)} />}
				</Field>
				<Field label={t("helpdesk")} error={fault("apiBaseUrl")}>
					{(ids) => <input {...ids} type="url" value={url} placeholder="https://" onChange={(e) => setUrl(e.target.value)} />}
				</Field>
				<Field label={t("key")} hint={client?.hasApiKey === true ? t("key.set") : t("key.unset")} error={fault("apiKey")}>
					{(ids) => <input {...ids} type="password" autoComplete="off" maxLength={1024} disabled={removeKey} value={key} onChange={(e) => setKey(e.target.value)} />}
				</Field>
				{client?.hasApiKey === true && <Check label={t("key.remove")} checked={removeKey} onChange={(e) => setRemoveKey(e.target.checked)} />}
				<Check label={t("active.label")} checked={isActive} onChange={(e) => setActive(e.target.checked)} />
				<FormError error={save.error} />
				<div className={ui.dialogFoot}>
					<Button onClick={onClose}>{t("cancel")}</Button>
					<Button kind="primary" type="submit" disabled={name.trim() === "" || slug === "" || save.isPending}>{t("save")}</Button>
				</div>
			</form>
		</Dialog>
	);
}

export function Clients() {
	const t = useT(texts);
	const { can, me } = useSession();
	const clients = useClients(true);
	const [edited, setEdited] = useState<Client | "new" | null>(null);
	const mayAdd = can("operator") || (me.role === "admin" && me.clients.length !== 1);
	return (
		<Panel title={t("tab.clients")} action={mayAdd && <Button kind="primary" onClick={() => setEdited("new")}><Icon name="plus" />{t("clients.new")}</Button>}>
			{clients.isPending && <Skeleton lines={4} />}
			{clients.isError && <ErrorState error={clients.error} retry={() => void clients.refetch()} />}
			{clients.data?.length === 0 && <p className={ui.muted}>{t("clients.empty")}</p>}
			{clients.data !== undefined && clients.data.length > 0 && (
				<div className={ui.tableWrap}>
					<table className={ui.table}>
						<thead><tr>
							<th scope="col">{t("name")}</th><th scope="col">{t("slug")}</th><th scope="col">{t("helpdesk")}</th>
							<th scope="col">{t("active")}</th><th scope="col">{t("created")}</th>
							<th scope="col"><span className="sr-only">{t("clients.editButton")}</span></th>
						</tr></thead>
						<tbody>
							{clients.data.map((c) => (
								<tr key={c.id}>
									<td><Link href={`/${c.slug}/conversas`}>{c.name}</Link></td><td><code>{c.slug}</code></td><td>{c.apiBaseUrl ?? "–"}</td>
									<td><Badge tone={c.isActive ? "green" : "grey"}>{c.isActive ? t("active") : t("inactive")}</Badge></td>
									<td><Time at={c.createdAt} /></td>
									<td><Button onClick={() => setEdited(c)} aria-label={t("clients.edit", { name: c.name })}>{t("clients.editButton")}</Button></td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
			{edited !== null && <ClientDialog client={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
		</Panel>
	);
}
