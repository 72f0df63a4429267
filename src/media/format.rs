//! The formats that files may have: one table. Says nothing of how they are recognised.

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Looked at.
    Image,
    /// Listened to.
    Audio,
    /// Watched.
    Video,
    /// Read.
    Document,
    /// Unpacked.
    Archive,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Image,
        Self::Audio,
        Self::Video,
        Self::Document,
        Self::Archive,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Archive => "archive",
        }
    }
}

macro_rules! formats {
    ($($name:ident $kind:ident $inline:literal $media_type:literal [$($extension:literal),+];)+) => {
        /// A format that files may have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the media types say it")]
        pub enum Format { $($name,)+ }

        impl Format {
            /// Every format.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// What it is for.
            pub fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)+ }
            }

            /// Its media type (IANA), without parameters.
            pub fn media_type(self) -> &'static str {
                match self { $(Self::$name => $media_type,)+ }
            }

            /// Endings of file names, in lower case; the usual one first.
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($extension,)+],)+ }
            }

            /// Whether a browser may show it in place of saving it: what cannot run anything.
            pub fn is_inline(self) -> bool {
                match self { $(Self::$name => $inline,)+ }
            }
        }
    };
}

formats! {
    Jpeg Image true "image/jpeg" ["jpg", "jpeg", "jpe", "jfif"];
    Png Image true "image/png" ["png"];
    Gif Image true "image/gif" ["gif"];
    WebP Image true "image/webp" ["webp"];

    Mp3 Audio true "audio/mpeg" ["mp3", "mpga"];
    M4a Audio true "audio/mp4" ["m4a", "m4b"];
    Aac Audio true "audio/aac" ["aac"];
    Ogg Audio true "audio/ogg" ["ogg", "oga", "opus"];
    Flac Audio true "audio/flac" ["flac"];
    Wav Audio true "audio/wav" ["wav"];

    Mp4 Video true "video/mp4" ["mp4", "m4v"];
    WebM Video true "video/webm" ["webm"];

    Pdf Document true "application/pdf" ["pdf"];
    Docx Document false "application/vnd.openxmlformats-officedocument.wordprocessingml.document" ["docx"];
    Xlsx Document false "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" ["xlsx"];
    Pptx Document false "application/vnd.openxmlformats-officedocument.presentationml.presentation" ["pptx"];
    Doc Document false "application/msword" ["doc", "wps"];
    Xls Document false "application/vnd.ms-excel" ["xls", "et"];
    Ppt Document false "application/vnd.ms-powerpoint" ["ppt", "dps"];
    Odt Document false "application/vnd.oasis.opendocument.text" ["odt"];
    Ods Document false "application/vnd.oasis.opendocument.spreadsheet" ["ods"];
    Odp Document false "application/vnd.oasis.opendocument.presentation" ["odp"];
    Ofd Document false "application/ofd" ["ofd"];
    Epub Document false "application/epub+zip" ["epub"];
    Text Document false "text/plain" ["txt"];
    Csv Document false "text/csv" ["csv"];

    Zip Archive false "application/zip" ["zip"];
}

impl Format {
    /// The format with this media type.
    pub fn parse(media_type: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.media_type() == media_type)
    }

    /// The usual ending of file names, without a dot.
    pub fn extension(self) -> &'static str {
        self.extensions().first().copied().unwrap_or_default()
    }

    /// Whether it is a picture of which smaller copies can be made.
    pub fn is_picture(self) -> bool {
        self.kind() == Kind::Image
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_media_type_and_extension_stands_once() {
        let types: HashSet<_> = Format::ALL.iter().map(|f| f.media_type()).collect();
        assert_eq!(types.len(), Format::ALL.len());
        let extensions: Vec<_> = Format::ALL.iter().flat_map(|f| f.extensions()).collect();
        let distinct: HashSet<_> = extensions.iter().collect();
        assert_eq!(distinct.len(), extensions.len());
        assert!(Format::ALL.iter().all(|f| !f.extension().is_empty()));
    }

    #[test]
    fn a_format_is_found_by_its_media_type() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.media_type()), Some(*format));
        }
        assert_eq!(Format::parse("image/svg+xml"), None);
    }
}
