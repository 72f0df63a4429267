DROP TABLE media_uses;
DROP TABLE media;
DROP TABLE media_files;
