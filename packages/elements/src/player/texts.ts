import type { PlayerState } from './notices.ts'

/** All words of the player that are not media-chrome's, in one language. */
export interface Texts {
  /** Of the states without controls. */
  notices: Record<Exclude<PlayerState, 'source' | 'growing' | 'playing'>, string>
  /** Above the frames of a video that is still being made; `{made}` and `{whole}` are lengths such as `1:02`. */
  growing: string
  growingOf: string
  cut: string
  lost: string
  player: string
  progress: string
  menu: { quality: string; audio: string; captions: string; speed: string }
}

const EN: Texts = {
  notices: {
    loading: 'Loading the video…',
    'no-source': 'This video has not been uploaded yet. It starts automatically as soon as it is playable.',
    processing: 'This video is being processed. It starts automatically as soon as it is playable.',
    failed: 'This video could not be processed.',
    'not-found': 'This video does not exist, or it is private and this link does not open it.',
    denied: 'This link is no longer valid. Ask for a new one.',
    unavailable: 'The server is unavailable at the moment. Trying again…',
    unsupported: 'This browser cannot play this video.',
  },
  growing: 'Still being made',
  growingOf: 'Still being made: {made} of {whole}',
  cut: 'The rest of this video could not be processed',
  lost: 'The connection was lost. Trying again…',
  player: 'Video player',
  progress: 'Processing progress',
  menu: { quality: 'Quality', audio: 'Audio', captions: 'Captions', speed: 'Speed' },
}

const DE: Texts = {
  notices: {
    loading: 'Das Video wird geladen …',
    'no-source': 'Dieses Video wurde noch nicht hochgeladen. Es startet von selbst, sobald es abspielbar ist.',
    processing: 'Dieses Video wird verarbeitet. Es startet von selbst, sobald es abspielbar ist.',
    failed: 'Dieses Video konnte nicht verarbeitet werden.',
    'not-found': 'Dieses Video gibt es nicht, oder es ist privat und dieser Link öffnet es nicht.',
    denied: 'Dieser Link ist nicht mehr gültig. Bitten Sie um einen neuen.',
    unavailable: 'Der Server ist gerade nicht erreichbar. Neuer Versuch …',
    unsupported: 'Dieser Browser kann dieses Video nicht abspielen.',
  },
  growing: 'Wird noch verarbeitet',
  growingOf: 'Wird noch verarbeitet: {made} von {whole}',
  cut: 'Der Rest dieses Videos konnte nicht verarbeitet werden',
  lost: 'Die Verbindung ist abgebrochen. Neuer Versuch …',
  player: 'Videoplayer',
  progress: 'Fortschritt der Verarbeitung',
  menu: { quality: 'Qualität', audio: 'Ton', captions: 'Untertitel', speed: 'Tempo' },
}

const FR: Texts = {
  notices: {
    loading: 'Chargement de la vidéo…',
    'no-source': 'Cette vidéo n’a pas encore été envoyée. Elle démarrera d’elle-même dès qu’elle pourra être lue.',
    processing: 'Cette vidéo est en cours de traitement. Elle démarrera d’elle-même dès qu’elle pourra être lue.',
    failed: 'Cette vidéo n’a pas pu être traitée.',
    'not-found': 'Cette vidéo n’existe pas, ou elle est privée et ce lien n’y donne pas accès.',
    denied: 'Ce lien n’est plus valable. Demandez-en un nouveau.',
    unavailable: 'Le serveur est indisponible pour le moment. Nouvel essai…',
    unsupported: 'Ce navigateur ne peut pas lire cette vidéo.',
  },
  growing: 'Traitement en cours',
  growingOf: 'Traitement en cours : {made} sur {whole}',
  cut: 'La suite de cette vidéo n’a pas pu être traitée',
  lost: 'La connexion a été perdue. Nouvel essai…',
  player: 'Lecteur vidéo',
  progress: 'Avancement du traitement',
  menu: { quality: 'Qualité', audio: 'Audio', captions: 'Sous-titres', speed: 'Vitesse' },
}

const ES: Texts = {
  notices: {
    loading: 'Cargando el vídeo…',
    'no-source': 'Este vídeo aún no se ha subido. Empezará por sí solo en cuanto se pueda reproducir.',
    processing: 'Este vídeo se está procesando. Empezará por sí solo en cuanto se pueda reproducir.',
    failed: 'No se ha podido procesar este vídeo.',
    'not-found': 'Este vídeo no existe, o es privado y este enlace no da acceso a él.',
    denied: 'Este enlace ya no es válido. Pida uno nuevo.',
    unavailable: 'El servidor no está disponible en este momento. Reintentando…',
    unsupported: 'Este navegador no puede reproducir este vídeo.',
  },
  growing: 'Todavía se está procesando',
  growingOf: 'Todavía se está procesando: {made} de {whole}',
  cut: 'No se ha podido procesar el resto de este vídeo',
  lost: 'Se ha perdido la conexión. Reintentando…',
  player: 'Reproductor de vídeo',
  progress: 'Progreso del procesamiento',
  menu: { quality: 'Calidad', audio: 'Audio', captions: 'Subtítulos', speed: 'Velocidad' },
}

const LANGUAGES: Record<string, Texts> = { en: EN, de: DE, fr: FR, es: ES }

/** Primary subtag of the viewer's language (BCP 47) where there are texts in it, else `en`. */
export const language = primaryOf(navigator.language)
export const texts = LANGUAGES[language] ?? EN

function primaryOf(tag: string): string {
  const [primary = ''] = tag.toLowerCase().split('-')
  return primary in LANGUAGES ? primary : 'en'
}
