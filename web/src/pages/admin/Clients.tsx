/* The clients one may see; who may, adds and edits them. */
import { useState } from "react";
import { Link } from "wouter";
import type { Client } from "../../api/types";
import { useT } from "../../i18n";
import { everywhere, useClients, useSession } from "../../shell/session";
import { Badge, Button, Empty, ErrorState, Icon, Panel, Skeleton, Time, TableWrap, ui } from "../../ui";
import css from "./admin.module.css";
import { ClientForm } from "./ClientForm";
import { texts } from "./messages";

function ClientRow({ client, onEdit }: { client: Client; onEdit: () => void }) {
	const t = useT(texts);
	const { can } = useSession();
	return (
		<tr>
			<td className={css.name}>
				<Link href={`/${client.slug}/conversas`}>
					<bdi>{client.name}</bdi>
				</Link>
			</td>
			<td>
				<code>{client.slug}</code>
			</td>
			<td>
				{client.isActive ? (
					<Badge tone="green">{t("active")}</Badge>
				) : (
					<Badge tone="grey">{t("inactive")}</Badge>
				)}
			</td>
			<td>{client.apiBaseUrl ?? <span className={ui.muted}>{t("helpdesk.none")}</span>}</td>
			<td>{t(client.hasApiKey ? "key.set" : "key.unset")}</td>
			<td>
				<Time at={client.updatedAt} />
			</td>
			{can("admin") && (
				<td>
					<Button onClick={onEdit} aria-label={t("clients.editOf", { name: client.name })}>
						{t("clients.edit")}
					</Button>
				</td>
			)}
		</tr>
	);
}

export function Clients() {
	const t = useT(texts);
	const { can, me } = useSession();
	const clients = useClients(true);
	const [editing, setEditing] = useState<Client | "new" | null>(null);
	const add = can("admin") && everywhere(me) && (
		<Button kind="primary" onClick={() => setEditing("new")}>
			<Icon name="plus" />
			{t("clients.add")}
		</Button>
	);
	return (
		<Panel title={t("tab.clientes")} action={add}>
			{clients.isPending && <Skeleton lines={4} />}
			{clients.isError && <ErrorState error={clients.error} retry={() => void clients.refetch()} />}
			{clients.data?.length === 0 && <Empty title={t("clients.none")} />}
			{clients.data !== undefined && clients.data.length > 0 && (
				<TableWrap label={t("tab.clientes")}>
					<table className={ui.table}>
						<thead>
							<tr>
								<th scope="col">{t("name")}</th>
								<th scope="col">{t("slug")}</th>
								<th scope="col">{t("state")}</th>
								<th scope="col">{t("helpdesk")}</th>
								<th scope="col">{t("key")}</th>
								<th scope="col">{t("changed")}</th>
								{can("admin") && (
									<th scope="col">
										<span className="sr-only">{t("actions")}</span>
									</th>
								)}
							</tr>
						</thead>
						<tbody>
							{clients.data.map((c) => (
								<ClientRow key={c.id} client={c} onEdit={() => setEditing(c)} />
							))}
						</tbody>
					</table>
				</TableWrap>
			)}
			{editing !== null && (
				<ClientForm client={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
			)}
		</Panel>
	);
}
