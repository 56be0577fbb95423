using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Bank.Web.Display;

/// <summary><c>&lt;sb-icon name="pay" /&gt;</c>: a drawing of our own in the colour of the text, silent for screen readers.</summary>
[HtmlTargetElement("sb-icon", TagStructure = TagStructure.NormalOrSelfClosing)]
public sealed class IconTagHelper : TagHelper
{
    private static readonly Dictionary<string, string> Drawings = new(StringComparer.Ordinal)
    {
        ["home"] = "<path d=\"M3 11.5 12 4l9 7.5\"/><path d=\"M5.5 10v9.5h13V10\"/><path d=\"M10 19.5v-5h4v5\"/>",
        ["list"] = "<path d=\"M8 6h12M8 12h12M8 18h12\"/><path d=\"M4 6h.01M4 12h.01M4 18h.01\"/>",
        ["pay"] = "<path d=\"M4 12h15\"/><path d=\"m13 6 6 6-6 6\"/>",
        ["people"] = "<circle cx=\"9\" cy=\"8\" r=\"3.5\"/><path d=\"M2.5 20c.6-3.8 3.2-5.8 6.5-5.8s5.9 2 6.5 5.8\"/><path d=\"M16 5a3.3 3.3 0 0 1 0 6.3M18 14.6c2 .8 3.2 2.6 3.6 5.4\"/>",
        ["chat"] = "<path d=\"M4 5h16v11H11l-4.5 4V16H4z\"/><path d=\"M8 9.5h8M8 12.5h5\"/>",
        ["shield"] = "<path d=\"M12 3 5 5.8v5.4c0 4.5 2.9 8 7 9.8 4.1-1.8 7-5.3 7-9.8V5.8z\"/><path d=\"m9 12 2.2 2.2L15.2 10\"/>",
        ["key"] = "<circle cx=\"8\" cy=\"15\" r=\"4\"/><path d=\"m11 12 9-9M17 6l2.5 2.5M14.5 8.5l2 2\"/>",
        ["plus"] = "<path d=\"M12 5v14M5 12h14\"/>",
        ["info"] = "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 11v5M12 8h.01\"/>",
        ["warn"] = "<path d=\"M12 4 2.8 19.5h18.4z\"/><path d=\"M12 10v4.5M12 17h.01\"/>",
        ["done"] = "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"m8 12.3 2.7 2.7L16 9.5\"/>",
        ["clock"] = "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 7v5.3l3.3 2\"/>",
        ["cash"] = "<rect x=\"3\" y=\"6.5\" width=\"18\" height=\"11\" rx=\"1.5\"/><circle cx=\"12\" cy=\"12\" r=\"2.6\"/><path d=\"M6.5 12h.01M17.5 12h.01\"/>",
    };

    /// <summary>Which drawing.</summary>
    public string Name { get; set; } = "";

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = "svg";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("viewBox", "0 0 24 24");
        output.Attributes.SetAttribute("fill", "none");
        output.Attributes.SetAttribute("stroke", "currentColor");
        output.Attributes.SetAttribute("stroke-width", "1.8");
        output.Attributes.SetAttribute("stroke-linecap", "round");
        output.Attributes.SetAttribute("stroke-linejoin", "round");
        output.Attributes.SetAttribute("aria-hidden", "true");
        output.Attributes.SetAttribute("focusable", "false");
        output.Content.SetHtmlContent(Drawings[Name]);
    }
}
