// The public URLs of functions.
#include "aws/lambda/lambda.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

class FunctionUrl final : public Resource {
 public:
  FunctionUrl(const Site& site, const std::string& function)
      : Resource("function url", function), site_(site), function_(function) {}

  [[nodiscard]] ResourceSpec spec() const override {
    return {FunctionUrlSpec{function_, std::string(kAuthType), std::string(kInvokeMode)}};
  }
  [[nodiscard]] Properties wanted() const override {
    return {{"auth type", std::string(kAuthType)}, {"invoke mode", std::string(kInvokeMode)}, {"cors", "none"}};
  }

  base::Result<std::optional<Properties>> describe() override {
    aws::lambda::GetFunctionUrlConfigRequest get;
    get.function_name = function_;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto now, site_.services.lambda.get_function_url_config(context, std::move(get)));
    const bool has_cors = now.cors.has_value() && *now.cors != aws::lambda::Cors();
    return Properties{{"auth type", now.auth_type.value_or("")},
                      {"invoke mode", now.invoke_mode.value_or(std::string(kInvokeMode))},
                      {"cors", has_cors ? "some" : "none"}};
  }

  base::Result<void> create() override {
    aws::lambda::CreateFunctionUrlConfigRequest create;
    create.function_name = function_;
    create.auth_type = kAuthType;
    create.invoke_mode = kInvokeMode;
    aws::Context context = site_.call();
    TRY(site_.services.lambda.create_function_url_config(context, std::move(create)));
    return {};
  }

  base::Result<void> change() override {
    aws::lambda::UpdateFunctionUrlConfigRequest update;
    update.function_name = function_;
    update.auth_type = kAuthType;
    update.invoke_mode = kInvokeMode;
    update.cors.emplace();
    aws::Context context = site_.call();
    TRY(site_.services.lambda.update_function_url_config(context, std::move(update)));
    return {};
  }

  base::Result<void> remove() override {
    aws::lambda::DeleteFunctionUrlConfigRequest remove;
    remove.function_name = function_;
    aws::Context context = site_.call();
    TRY(site_.services.lambda.delete_function_url_config(context, std::move(remove)));
    return {};
  }

 private:
  static constexpr std::string_view kAuthType = "NONE";  // who sends is verified by the function itself
  static constexpr std::string_view kInvokeMode = "BUFFERED";
  const Site& site_;
  const std::string function_;
};

}  // namespace

std::unique_ptr<Resource> make_function_url(const Site& site, const std::string& function) {
  return std::make_unique<FunctionUrl>(site, function);
}

}  // namespace pipeline
