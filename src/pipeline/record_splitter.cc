#include "pipeline/record_splitter.h"

#include "pipeline/csv_splitter.h"
#include "pipeline/splitter.h"

namespace pipeline {

std::unique_ptr<RecordSplitter> make_splitter(const DocumentFormat& format) {
  if (format.kind == DocumentFormat::Kind::csv)
    return std::make_unique<CsvSplitter>(format.delimiter, format.group_by, format.marks.id);
  return std::make_unique<Splitter>(format.records, format.marks);
}

}  // namespace pipeline
