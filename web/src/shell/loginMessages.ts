/* What the login page says. */
import type { Messages } from "../i18n";

export const loginMessages = {
	title: ["Entrar", "Sign in"],
	token: ["Token de acesso", "Access token"],
	hint: [
		"Começa com rcd_. Quem administra o Recado cria um em Administração › Tokens, ou envia um link de entrada. Quem opera o servidor usa o ADMIN_TOKEN dele.",
		"It starts with rcd_. Whoever administers Recado makes one under Administration › Tokens, or sends a sign-in link. Whoever runs the server uses its ADMIN_TOKEN.",
	],
	enter: ["Entrar", "Sign in"],
	entering: ["Entrando…", "Signing in…"],
	wrong: [
		"Este token não vale. Confira se copiou inteiro; ele pode ter sido revogado.",
		"This token is not valid. Check that you copied all of it; it may have been revoked.",
	],
	expired: [
		"Este link de entrada já foi usado ou passou do prazo de 10 minutos. Peça outro, ou entre com um token.",
		"This sign-in link was used already, or its 10 minutes are over. Ask for another, or sign in with a token.",
	],
	locked: [
		"Tentativas demais a partir deste endereço. Aguarde {n} segundos e tente de novo.",
		"Too many attempts from this address. Wait {n} seconds and try again.",
	],
} as const satisfies Messages;
