using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Bank.Web.Display;

/// <summary>
/// <c>&lt;sb-errors /&gt;</c>: what is wrong with the form, at its top, with a link to each field; announced and focused. Nothing when all is well.
/// </summary>
[HtmlTargetElement("sb-errors", TagStructure = TagStructure.NormalOrSelfClosing)]
public sealed class ErrorSummaryTagHelper : TagHelper
{
    /// <summary>The page.</summary>
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext View { get; set; } = null!;

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = null;
        if (View.ModelState.IsValid)
        {
            return;
        }

        var encoder = HtmlEncoder.Default;
        var items = View.ModelState
            .SelectMany(entry => entry.Value!.Errors.Select(error => (entry.Key, Text: error.ErrorMessage is { Length: > 0 } text ? text : "Please check this.")))
            .Select(item => item.Key.Length == 0
                ? $"<li>{encoder.Encode(item.Text)}</li>"
                : $"<li><a href=\"#{encoder.Encode(TagBuilder.CreateSanitizedId(item.Key, "_"))}\">{encoder.Encode(item.Text)}</a></li>");
        output.Content.SetHtmlContent(
            "<div class=\"sb-note sb-note--bad\" role=\"alert\" tabindex=\"-1\" data-error-summary><div><p class=\"fw-bold mb-1\">Please check this</p><ul class=\"mb-0 ps-3\">"
            + string.Concat(items) + "</ul></div></div>");
    }
}
