/**
 * @file dataset.h
 * @brief Rows of features with optional labels or targets, and sample weights.
 *
 * A dataset is a matrix of float features, rows x cols, row-major; optionally one int32 label a
 * row, in [0, num_classes), of at most 2^24 classes, for classification; or num_targets float
 * targets a row, for regression: it has labels or targets, never both. Optionally one float weight
 * a row. Names of columns and classes come from CSV headers and string labels. A dataset does not
 * change after it was made (but for sngp_dataset_set_sample_weights()), so any number of threads
 * may read it at once. Functions that make a dataset are thread-safe and give it to the caller; all
 * rows are in memory.
 */
#ifndef SNGP_DATASET_H
#define SNGP_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** An opaque dataset; made by the functions below, freed by sngp_dataset_free(). */
typedef struct sngp_dataset sngp_dataset;

/**
 * Copies an array of features, and labels where given, into a new dataset.
 *
 * @param features     rows x cols floats; row i starts at features + i * row_stride.
 * @param rows         number of rows, 0 or more.
 * @param cols         number of columns, 1 or more.
 * @param row_stride   floats from one row to the next, at least cols; 0 means cols.
 * @param labels       rows labels, or NULL for data without labels.
 * @param num_classes  labels lie in [0, num_classes); at most 2^24; 0: the largest label + 1.
 *                     Ignored without labels.
 * @param[out] dataset the new dataset, owned by the caller.
 * @return SNGP_ERROR_NOT_FINITE (names row and column), SNGP_ERROR_LABEL_RANGE (names the row),
 *         SNGP_ERROR_INVALID_ARGUMENT, SNGP_ERROR_OUT_OF_MEMORY. Thread-safe.
 */
SNGP_API sngp_status sngp_dataset_create(const float *features, int64_t rows, int64_t cols,
                                         int64_t row_stride, const int32_t *labels,
                                         int64_t num_classes, sngp_dataset **dataset);

/**
 * As sngp_dataset_create(), but the caller's arrays are used in place: they must stay, unchanged,
 * until the dataset is freed. Values are checked once, here. Errors are the same.
 */
SNGP_API sngp_status sngp_dataset_borrow(const float *features, int64_t rows, int64_t cols,
                                         int64_t row_stride, const int32_t *labels,
                                         int64_t num_classes, sngp_dataset **dataset);

/**
 * Copies arrays of features and of targets, the numbers that a regression predicts, into a new
 * dataset.
 *
 * @param features     rows x cols floats; row i starts at features + i * row_stride.
 * @param rows         number of rows, 0 or more.
 * @param cols         number of columns, 1 or more.
 * @param row_stride   floats from one row to the next, at least cols; 0 means cols.
 * @param targets      rows x num_targets floats, dense, in the targets' own units.
 * @param num_targets  targets of a row, 1 or more.
 * @param[out] dataset the new dataset, owned by the caller.
 * @return SNGP_ERROR_NOT_FINITE (names row and column), SNGP_ERROR_INVALID_ARGUMENT,
 *         SNGP_ERROR_OUT_OF_MEMORY. Thread-safe.
 */
SNGP_API sngp_status sngp_dataset_create_targets(const float *features, int64_t rows, int64_t cols,
                                                 int64_t row_stride, const float *targets,
                                                 int64_t num_targets, sngp_dataset **dataset);

/**
 * What a CSV's first line is. It is taken for a header when the field of a feature is no number, or
 * a field is the text of `label_column` or of one of `target_columns`, or the field of the label is
 * no number but that of the second line is one; for data otherwise. Empty fields and nan tell
 * nothing. With `feature_names` a line that holds them all is a header too, and with `class_names`
 * a label that is one of them is no name. Without these, some first lines look the same as header
 * and as data: names that are all numbers; numbers and one word as the label's name, over labels
 * that are words; a first label that is a word where the second is a number. Say for such files
 * what the first line is, here or by the program's --header.
 */
enum {
  SNGP_CSV_HEADER_DETECT = -1, /**< a header or data, as its fields tell */
  SNGP_CSV_HEADER_NO = 0,      /**< the first line is data */
  SNGP_CSV_HEADER_YES = 1      /**< the first line names the columns */
};

/** What to do about the label column of a CSV, or about its target columns. */
enum {
  SNGP_CSV_LABEL_LAST = 0, /**< the label is the last column, or the one named */
  /** Neither labels nor targets: every column is a feature, but those that `label_column` or
      `target_columns` name, which are left out unread. */
  SNGP_CSV_LABEL_NONE = 1,
  /** Labels when the file has the column (by `label_column`, or one more column than
      `num_features`); none otherwise. */
  SNGP_CSV_LABEL_OPTIONAL = 2,
  /** Targets, which are numbers: the last column, the last `num_target_columns` ones, or those that
      `target_columns` name. */
  SNGP_CSV_TARGETS = 3,
  /** Targets when the file has their columns (by `target_columns`, or as many more columns than
      `num_features`), none when it has none of them; some of them are SNGP_ERROR_NOT_FOUND. */
  SNGP_CSV_TARGETS_OPTIONAL = 4
};

/** How to read a CSV file; fill with sngp_csv_config_init(), then change what you want. */
typedef struct sngp_csv_config {
  uint32_t struct_size; /**< set by sngp_csv_config_init() */
  int32_t header;       /**< SNGP_CSV_HEADER_*; default SNGP_CSV_HEADER_DETECT */
  int32_t label_mode;   /**< SNGP_CSV_LABEL_* or SNGP_CSV_TARGETS*; default SNGP_CSV_LABEL_LAST */
  int32_t reserved;     /**< 0 */
  /** The label column by header name or by number (counted from 0); NULL: the last column.
      A name that reads as a number is a number unless a header field is exactly that text. */
  const char *label_column;
  /** Known classes, in the order of their label numbers (a trained model's); NULL: found in the
      data. With it, a label that is not among them is SNGP_ERROR_NOT_FOUND with its row. */
  const char *const *class_names;
  /** Length of class_names, at most 2^24. Without them: labels are the numbers below num_classes,
      another one is SNGP_ERROR_LABEL_RANGE with its row; 0: classes are found in the data. */
  int64_t num_classes;
  /** Expected feature columns (a trained model's); NULL: all columns but the label's or the
      targets', in file order. With it, a file with a header is matched by name, in any order; one
      without a header must have num_features columns, beside those of labels or targets. */
  const char *const *feature_names;
  int64_t num_features; /**< length of feature_names; may be given without names; 0: any */
  /** The target columns, each by header name or by number, as `label_column`; a row's targets have
      this order. NULL: the last columns. Where targets are read, `label_column` and the classes
      must not be set; where labels are, these two. */
  const char *const *target_columns;
  /** Length of target_columns; may be given without names; 0: one. */
  int64_t num_target_columns;
} sngp_csv_config;

/** Fills a CSV configuration with its defaults. @param size sizeof(sngp_csv_config).
    @return SNGP_ERROR_INVALID_ARGUMENT for NULL or a size that no version had. */
SNGP_API sngp_status sngp_csv_config_init(sngp_csv_config *config, size_t size);

/**
 * Reads a CSV file (RFC 4180; comma; lines end in LF, CRLF or CR; quoted fields; a UTF-8 byte order
 * mark is skipped; numbers in the C locale whatever the environment's). Blank lines are skipped.
 * Every row has as many fields as the first; a field has at most 1 MiB; column names differ; names
 * and labels are UTF-8.
 *
 * Labels that are all integers in 0..K-1 keep their value, K the largest + 1; other labels
 * (strings, or integers with gaps or signs) are mapped in sorted order (numbers by value, strings
 * by bytes) and kept as class names, so that a label is always printed as it was written. Where
 * all labels are numbers, equal values are one class, named as it was written first.
 *
 * Targets are numbers within float's range. Their names are the header's; in a file without a
 * header those of `target_columns`, if any of these is no number.
 *
 * @param path    the file.
 * @param config  NULL: defaults.
 * @return SNGP_ERROR_READ, SNGP_ERROR_FORMAT (names line, from 1, and column, from 0),
 *         SNGP_ERROR_NOT_FINITE, SNGP_ERROR_NOT_FOUND (a column or class), SNGP_ERROR_LABEL_RANGE,
 *         SNGP_ERROR_DIMENSION, SNGP_ERROR_NO_ROWS, SNGP_ERROR_UNSUPPORTED in a build without CSV.
 *         Thread-safe.
 */
SNGP_API sngp_status sngp_dataset_read_csv(const char *path, const sngp_csv_config *config,
                                           sngp_dataset **dataset);

/**
 * Reads NumPy arrays: features float16, float32, float64 or any integer type of shape (rows, cols);
 * labels any integer type of shape (rows,). Versions 1.0 to 3.0 of the format, C or Fortran order,
 * both byte orders.
 *
 * @param labels_path  NULL: no labels.
 * @return SNGP_ERROR_READ, SNGP_ERROR_FORMAT, SNGP_ERROR_NOT_FINITE (also a float64 beyond float's
 *         range), SNGP_ERROR_LABEL_RANGE, SNGP_ERROR_DIMENSION (rows that differ). Thread-safe.
 */
SNGP_API sngp_status sngp_dataset_read_npy(const char *features_path, const char *labels_path,
                                           sngp_dataset **dataset);

/**
 * Reads NumPy arrays with targets: features as sngp_dataset_read_npy(); targets of the same types,
 * of shape (rows,) for one target, or (rows, targets).
 *
 * @return SNGP_ERROR_READ, SNGP_ERROR_FORMAT, SNGP_ERROR_NOT_FINITE (also a float64 beyond float's
 *         range), SNGP_ERROR_DIMENSION (rows that differ), SNGP_ERROR_INVALID_ARGUMENT,
 *         SNGP_ERROR_OUT_OF_MEMORY. Thread-safe.
 */
SNGP_API sngp_status sngp_dataset_read_npy_targets(const char *features_path,
                                                   const char *targets_path,
                                                   sngp_dataset **dataset);

/**
 * Reads IDX files (the MNIST family), plain or gzip: unsigned bytes of two or more dimensions;
 * the first counts rows, the others are flattened into columns. Bytes are divided by 255.
 *
 * @param labels_path  IDX of unsigned bytes, one dimension; NULL: no labels.
 * @return SNGP_ERROR_READ, SNGP_ERROR_FORMAT, SNGP_ERROR_DIMENSION, SNGP_ERROR_NO_ROWS,
 *         SNGP_ERROR_UNSUPPORTED for a gzip file in a build without zlib. Thread-safe.
 */
SNGP_API sngp_status sngp_dataset_read_idx(const char *images_path, const char *labels_path,
                                           sngp_dataset **dataset);

/**
 * The two moons of the TensorFlow SNGP tutorial: half circles (cos t, sin t) and
 * (1 - cos t, 0.5 - sin t), t equally spaced over [0, pi], normal noise; then class 0 is shifted by
 * (-0.1, 0.2), class 1 by (0.1, -0.2).
 *
 * @param rows   number of points, 1 or more, half of them (rounded up) of class 0, which come
 * first.
 * @param noise  standard deviation of the noise, 0 or more; 0.1 in the tutorial.
 * @param seed   0 or more; the same seed gives the same points.
 * @return SNGP_ERROR_INVALID_ARGUMENT, naming the argument; SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_dataset_two_moons(int64_t rows, double noise, int64_t seed,
                                            sngp_dataset **dataset);

/**
 * Points of a regular grid, without labels: resolution x resolution points over
 * [min_x, max_x] x [min_y, max_y], borders included, x varying fastest.
 * The tutorial's test grid: -3.5, 3.5, -2.5, 2.5, 100.
 *
 * @param resolution  points along each side, 2 or more.
 * @return SNGP_ERROR_INVALID_ARGUMENT, naming the argument; SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_dataset_grid(double min_x, double max_x, double min_y, double max_y,
                                       int64_t resolution, sngp_dataset **dataset);

/**
 * A normal blob N((center_x, center_y), std^2 I), without labels: the tutorial's out-of-domain
 * points are 500 rows at (2.5, -1.75) with std 0.1.
 *
 * @param rows  1 or more.
 * @param std   standard deviation, 0 or more.
 * @param seed  0 or more; the same seed gives the same points.
 * @return SNGP_ERROR_INVALID_ARGUMENT, naming the argument; SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_dataset_blob(int64_t rows, double center_x, double center_y, double std,
                                       int64_t seed, sngp_dataset **dataset);

/**
 * Splits a dataset at random in two: `second` gets round(fraction * rows) rows, `first` the rest;
 * with labels the split is stratified, so that every class is divided in the same proportion (to
 * one row). Within each part rows keep their order. Both parts own copies, and keep targets, the
 * number of classes, names and sample weights.
 *
 * @param fraction     strictly between 0 and 1; both parts must get at least one row.
 * @param seed         0 or more; the same seed gives the same split.
 * @param[out] first   owned by the caller.
 * @param[out] second  owned by the caller.
 * @return SNGP_ERROR_INVALID_ARGUMENT, SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_dataset_split(const sngp_dataset *dataset, double fraction, int64_t seed,
                                        sngp_dataset **first, sngp_dataset **second);

/**
 * Copies the rows with the given indices, in their order (an index may come twice), with labels or
 * targets, the number of classes, names and sample weights.
 *
 * @param indices  count row numbers from 0.
 * @return SNGP_ERROR_INVALID_ARGUMENT naming the index that is out of range.
 */
SNGP_API sngp_status sngp_dataset_subset(const sngp_dataset *dataset, const int64_t *indices,
                                         int64_t count, sngp_dataset **subset);

/**
 * Gives each row a weight in the loss and in the precision matrix (copied; NULL: all 1 again). The
 * loss of a batch is divided by its number of rows, not by the sum of their weights.
 * Not thread-safe: needs the dataset exclusively.
 *
 * @param weights  rows floats, 0 or more, finite, not all zero.
 * @return SNGP_ERROR_NOT_FINITE, SNGP_ERROR_INVALID_ARGUMENT (each names the row),
 *         SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_dataset_set_sample_weights(sngp_dataset *dataset, const float *weights);

/** @return the number of rows; 0 for NULL, as of the numbers below. */
SNGP_API int64_t sngp_dataset_rows(const sngp_dataset *dataset);
/** @return the number of feature columns. */
SNGP_API int64_t sngp_dataset_cols(const sngp_dataset *dataset);
/** @return the number of classes; 0 without labels. */
SNGP_API int64_t sngp_dataset_num_classes(const sngp_dataset *dataset);
/** @return the number of targets of a row; 0 without targets. */
SNGP_API int64_t sngp_dataset_num_targets(const sngp_dataset *dataset);
/** @return floats from one row of sngp_dataset_features() to the next. */
SNGP_API int64_t sngp_dataset_row_stride(const sngp_dataset *dataset);
/** @return the features, borrowed from the dataset. */
SNGP_API const float *sngp_dataset_features(const sngp_dataset *dataset);
/** @return the labels, borrowed from the dataset; NULL without labels. */
SNGP_API const int32_t *sngp_dataset_labels(const sngp_dataset *dataset);
/** @return the targets, rows x num_targets floats, dense, borrowed from the dataset; NULL without
    targets. */
SNGP_API const float *sngp_dataset_targets(const sngp_dataset *dataset);
/** @return the sample weights, borrowed from the dataset; NULL where all are 1. */
SNGP_API const float *sngp_dataset_sample_weights(const sngp_dataset *dataset);
/** @return num_classes names, borrowed from the dataset; NULL where classes are plain numbers. */
SNGP_API const char *const *sngp_dataset_class_names(const sngp_dataset *dataset);
/** @return cols names, borrowed from the dataset; NULL where columns have none. */
SNGP_API const char *const *sngp_dataset_feature_names(const sngp_dataset *dataset);
/** @return num_targets names, borrowed from the dataset; NULL where targets have none. */
SNGP_API const char *const *sngp_dataset_target_names(const sngp_dataset *dataset);

/** Frees a dataset; NULL is accepted. A borrowed array is left alone. */
SNGP_API void sngp_dataset_free(sngp_dataset *dataset);

SNGP_END_DECLS

#endif
